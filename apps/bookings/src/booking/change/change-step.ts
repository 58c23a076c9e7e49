import type { BookingStep } from '../booking-step.js';
import type { BookingChange } from './change.entity.js';

/** A step of a change, in the transaction of its locked booking. */
export interface ChangeStep extends BookingStep {
  change: BookingChange;
}
