import { Inject, Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { CONFIG, Problem, type Config } from '@roost/platform';
import type { BookingsConfig } from '../../config.js';
import { tiersAfterChange } from '../../terms/domain/cancellation.js';
import { refundSchedule } from '../../terms/domain/refund-schedule.js';
import { BookingHistory, type HistoryEvent } from '../booking-history.service.js';
import { BookingNights } from '../booking-nights.service.js';
import { type Actor, type BookingContext, type BookingStep, SYSTEM } from '../booking-step.js';
import type { Booking } from '../booking.entity.js';
import { splitOf } from '../booking.events.js';
import type { ChangeStep } from './change-step.js';
import type { BookingChange } from './change.entity.js';
import { findOpenChange } from './change.queries.js';
import { type ChangeLimits, payBy } from './domain/changed-stay.js';
import {
  type ChangeEvent,
  type ChangeState,
  changeTransition,
  isOpenChange,
  type Side,
} from './domain/change-state.js';

type Outcome = NonNullable<EventBody<'booking.change-closed'>['outcome']>;

/**
 * Moves changes from state to state by the table in domain/change-state.ts, in the transaction of the booking. Each step is
 * a new version of the booking, so of a concurrent change and cancellation one fails and is retried.
 */
@Injectable()
export class ChangeLifecycle {
  readonly limits: ChangeLimits;

  constructor(
    private readonly history: BookingHistory,
    private readonly nights: BookingNights,
    @Inject(CONFIG) config: Config<typeof BookingsConfig>,
  ) {
    this.limits = {
      responseHours: config.CHANGE_RESPONSE_HOURS,
      paymentMinutes: config.CHANGE_PAYMENT_MINUTES,
    };
  }

  /** Returns false if another owner has some of the nights: roll back. */
  async propose(step: ChangeStep): Promise<boolean> {
    const { em, booking, change } = step;
    if (change.holdsNights && !(await this.nights.holdForChange(step, change))) return false;
    booking.openChangeId = change.id;
    // The booking is written first: of two concurrent proposals one fails there, and finds the other when it is retried.
    await this.append(step, 'change_proposed');
    await em.persist(change).flush();
    await this.publish(step, 'booking.change-proposed', null);
    return true;
  }

  /** Applies a new change that needs no acceptance and has no price difference. */
  async applyNew(step: ChangeStep): Promise<void> {
    step.em.persist(step.change);
    await this.apply(step);
  }

  async accept(step: ChangeStep): Promise<void> {
    const { booking, change, actor, now } = step;
    const to = this.next(change, 'accepted', actor);
    change.acceptedAt = now;
    if (to === 'awaiting_payment') {
      change.state = to;
      change.expiresAt = payBy(booking.terms, change, now, this.limits);
    }
    await this.append(step, 'change_accepted');
    await this.publish(step, 'booking.change-accepted', null);
    if (to === 'applied') await this.apply(step);
  }

  async decline(step: ChangeStep): Promise<void> {
    await this.end(step, 'declined');
  }

  async withdraw(step: ChangeStep): Promise<void> {
    await this.end(step, 'withdrawn');
  }

  /** The difference is paid. `stillPossible`: for a late payment, whether the change can still be applied. */
  async pay(step: ChangeStep, stillPossible = false): Promise<void> {
    const { change } = step;
    const isLate = change.state === 'expired';
    const wasAccepted = change.acceptedAt !== null;
    const next = changeTransition(change.state, 'paid', { ...change, wasAccepted, stillPossible });
    if (next.allowed && (!isLate || (await this.holdAgain(step)))) return await this.apply(step);
    if (!isLate) return;
    // Payments refunds the money when it receives this event.
    await this.append(step, 'change_late_payment_refused');
    await this.publish(step, 'booking.change-closed', 'expired');
  }

  async failPayment(step: ChangeStep): Promise<void> {
    if (step.change.state === 'awaiting_payment') await this.end(step, 'payment_failed');
  }

  /**
   * Expires the open change if it is due, and returns whether it was. A change that expires at the check-in or check-out
   * is closed by these.
   */
  async expireDue(context: BookingContext): Promise<boolean> {
    const { em, booking, now } = context;
    const change = await findOpenChange(em, booking);
    const bookingDueAt = bookingDue(booking);
    if (!change?.expiresAt || change.expiresAt > now) return false;
    if (bookingDueAt && change.expiresAt >= bookingDueAt) return false;
    await this.end({ ...context, change, actor: SYSTEM }, 'time_ran_out');
    return true;
  }

  /** Closes the open change, if any, because of a check-in, check-out or cancellation. */
  async close(step: BookingStep): Promise<void> {
    const change = await findOpenChange(step.em, step.booking);
    if (!change) return;
    const { by, id } = step.actor;
    await this.end({ ...step, change, actor: { by, ...(id && { id }) } }, 'booking_moved_on');
  }

  /** Returns the next state. Throws 403 if only the other side may decide, and 409 otherwise. */
  private next(change: BookingChange, event: ChangeEvent, actor: Actor): ChangeState {
    const by = sideOf(actor);
    const next = changeTransition(change.state, event, {
      ...change,
      by,
      wasAccepted: change.acceptedAt !== null,
    });
    if (next.allowed) return next.to;
    if (next.byOthers) throw new Problem('auth.forbidden', 'Only the other side can decide on this change');
    throw new Problem('change.transition_not_allowed', undefined, { state: change.state });
  }

  private async holdAgain(step: ChangeStep): Promise<boolean> {
    return !step.change.holdsNights || (await this.nights.holdForChange(step, step.change));
  }

  private async end(step: ChangeStep, event: ChangeEvent): Promise<void> {
    const { booking, change, actor } = step;
    const to = this.next(change, event, actor);
    if (isOpenChange(to) || to === 'proposed' || to === 'applied')
      throw new Error(`${event} does not end a change`);
    change.state = to;
    change.expiresAt = null;
    booking.openChangeId = null;
    await this.append(step, `change_${event}`);
    if (change.holdsNights) await this.nights.releaseChange(step, change);
    await this.publish(step, 'booking.change-closed', to as Outcome);
  }

  /** Replaces the terms of the booking by those of the change. */
  private async apply(step: ChangeStep): Promise<void> {
    const { booking, change, now } = step;
    const { terms, confirmedAt } = booking;
    if (!confirmedAt) throw new Error('only a confirmed booking can be changed');
    if (terms.totalMinor + change.differenceMinor !== change.totalMinor)
      throw new Error('the difference of the change does not match the total of the booking');
    const tiersAtChanges = tiersAfterChange(terms, confirmedAt, now, booking.tiersAtChanges);
    const { checkInDate, checkOutDate, checkInAt, checkOutAt, guests, price, totalMinor, hostPayoutMinor } =
      change;
    Object.assign(terms, {
      checkInDate,
      checkOutDate,
      checkInAt,
      checkOutAt,
      guests,
      price,
      totalMinor,
      hostPayoutMinor,
    });
    terms.refundSchedule = refundSchedule(terms, confirmedAt, { at: now, tiersAtChanges });
    booking.tiersAtChanges = tiersAtChanges;
    // Payments refunds at most what is not yet refunded: the rest of the difference is already refunded as goodwill.
    booking.goodwillMinor = Math.min(booking.goodwillMinor, totalMinor);
    booking.openChangeId = null;
    change.state = 'applied';
    change.expiresAt = null;
    await this.append(step, 'change_applied');
    if (change.holdsNights) await this.nights.applyChange(step, change);
    await this.publish(step, 'booking.change-applied', null);
  }

  private async append(step: ChangeStep, event: HistoryEvent): Promise<void> {
    const { booking, change, now } = step;
    change.updatedAt = now;
    const bookingDueAt = bookingDue(booking);
    const { expiresAt } = change;
    booking.dueAt = expiresAt && bookingDueAt && expiresAt < bookingDueAt ? expiresAt : bookingDueAt;
    await this.history.append(step, { event, changeId: change.id });
  }

  private async publish(
    step: ChangeStep,
    type: `booking.change-${'proposed' | 'accepted' | 'applied' | 'closed'}`,
    outcome: Outcome | null,
  ): Promise<void> {
    const { change, actor } = step;
    const { id, checkInDate, checkOutDate, guests, differenceMinor, expiresAt, totalMinor } = change;
    await this.history.publish(step, type, {
      changeId: id,
      by: actor.by === 'payment' ? 'system' : actor.by,
      outcome,
      terms: { checkInDate, checkOutDate, guests },
      differenceMinor,
      expiresAt: expiresAt?.toISOString() ?? null,
      newTotals: { totalMinor, ...splitOf(change) },
    });
  }
}

/** When the booking itself is due, regardless of its change; null for a booking that has ended. */
function bookingDue({ state, terms }: Booking): Date | null {
  if (state === 'confirmed') return terms.checkInAt;
  return state === 'in_stay' ? terms.checkOutAt : null;
}

const sideOf = ({ by }: Actor): Side | null => (by === 'guest' || by === 'host' ? by : null);
