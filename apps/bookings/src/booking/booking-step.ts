import type { EntityManager } from '@mikro-orm/postgresql';
import type { Booking } from './booking.entity.js';

export interface Actor {
  by: 'guest' | 'host' | 'admin' | 'payment' | 'system';
  id?: string;
  reason?: string;
}

export const SYSTEM: Actor = { by: 'system' };
export const PAYMENT: Actor = { by: 'payment' };

/** A locked booking, the transaction that locked it, and the domain time. */
export interface BookingContext {
  em: EntityManager;
  booking: Booking;
  now: Date;
}

/** The same with the actor who causes the step. */
export interface BookingStep extends BookingContext {
  actor: Actor;
}
