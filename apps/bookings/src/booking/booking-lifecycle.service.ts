import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { isActiveAccount } from '@roost/accounts';
import { CONFIG, Problem, type Config } from '@roost/platform';
import { addHours, addMinutes } from '@roost/stay';
import { findStaleHolds, type StayNights } from '../calendar/calendar.queries.js';
import type { BookingsConfig } from '../config.js';
import { limitLines, type Refund } from '../terms/domain/refund.js';
import { refundSchedule } from '../terms/domain/refund-schedule.js';
import { BookingHistory } from './booking-history.service.js';
import { BookingNights, nightsOf } from './booking-nights.service.js';
import { type BookingContext, type BookingStep, PAYMENT, SYSTEM } from './booking-step.js';
import { type Booking, type Cancellation, refundableMinor } from './booking.entity.js';
import { retainedFacts } from './booking.events.js';
import { lockVisible } from './booking.queries.js';
import { ChangeLifecycle } from './change/change-lifecycle.service.js';
import { transition, type Allowed, type BookingEvent, type BookingState } from './domain/booking-state.js';

/** The money of a cancellation, between guest and host. */
export interface Settlement {
  by: Cancellation['by'];
  /** By rule, as if the total were paid. */
  refund: Refund;
  /** The amount that is refunded, of what is paid so far. */
  paidBack: Pick<Refund, 'refundMinor' | 'lines'>;
  hostPenaltyMinor: number;
}

type PaymentEvent = 'payment_authorized' | 'payment_captured';

/**
 * Moves bookings from state to state. The table in domain/booking-state.ts decides which state follows; this class applies
 * the consequences (calendar, next due instant, history, event) in the caller's transaction.
 */
@Injectable()
export class BookingLifecycle {
  constructor(
    private readonly history: BookingHistory,
    private readonly nights: BookingNights,
    private readonly changes: ChangeLifecycle,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  /** Returns the transition. Throws 409 if the state does not allow it. */
  allow(booking: Booking, event: BookingEvent, facts: { datesFree?: boolean } = {}): Allowed {
    const next = this.next(booking, event, facts);
    if (!next) throw new Problem('booking.transition_not_allowed', undefined, { state: booking.state });
    return next;
  }

  /** `captureBefore`: the last instant, in domain time, at which an authorization can be captured. */
  async pay(step: BookingStep, event: PaymentEvent, captureBefore?: Date): Promise<void> {
    const { booking } = step;
    const late = booking.state === 'expired';
    const mayReopen = late && this.next(booking, event, { datesFree: true }) !== null;
    const datesFree =
      mayReopen &&
      hasTimeToRespond(step) &&
      (await isActiveAccount(step.em, booking.terms.guestId)) &&
      (await this.reclaimNights(step));
    const next = this.next(booking, event, { datesFree });
    if (!next) {
      if (mayReopen) await this.rejectLatePayment(step);
      return;
    }
    if (next.to === 'awaiting_host') await this.request(step, event, captureBefore);
    else await this.confirm(step, event, late);
  }

  /** If the provider can't hold money, it is already captured: the booking is confirmed at once. */
  async accept(step: BookingStep): Promise<void> {
    const { booking, now } = step;
    this.allow(booking, 'host_accepted');
    const dueAt = addMinutes(now, this.config.CAPTURE_TTL_MINUTES);
    await this.transitionTo(step, 'awaiting_capture', 'host_accepted', { dueAt });
    await this.history.publish(step, 'booking.accepted', {});
    if (booking.capturedMinor >= booking.terms.totalMinor) {
      await this.confirm(step, 'payment_captured', false);
    }
  }

  async decline(step: BookingStep): Promise<void> {
    this.allow(step.booking, 'host_declined');
    await this.transitionTo(step, 'declined', 'host_declined', { dueAt: null });
    await this.nights.release(step);
    await this.history.publish(step, 'booking.declined', {});
  }

  async failCapture(step: BookingStep): Promise<void> {
    if (this.next(step.booking, 'capture_failed')) await this.expire(step, 'capture_failed');
  }

  /** Ends the hold of an unpaid booking before its time. */
  async endHold(step: BookingStep): Promise<void> {
    if (this.next(step.booking, 'hold_ran_out')) await this.expire(step, 'hold_ran_out');
  }

  async cancel(step: BookingStep, settlement: Settlement): Promise<void> {
    const { booking, now, actor } = step;
    const event = `${settlement.by}_cancelled` as const;
    this.allow(booking, event);
    await this.changes.close(step);
    const { refund, paidBack, hostPenaltyMinor } = settlement;
    booking.cancellation = {
      by: settlement.by,
      reason: actor.reason ?? '',
      at: now.toISOString(),
      refundMinor: paidBack.refundMinor,
      refundLines: paidBack.lines,
      hostPenaltyMinor,
    };
    await this.transitionTo(step, 'cancelled', event, { dueAt: null });
    await this.nights.endEarly(step, {
      nightsStayed: refund.nightsStayed,
      byHost: settlement.by === 'host',
    });
    await this.history.publish(step, 'booking.cancelled', {
      by: settlement.by,
      refundMinor: refund.refundMinor,
      refundLines: refund.lines,
      hostPenaltyMinor,
      cancelledAt: now.toISOString(),
      ...retainedFacts(refund),
    });
  }

  /**
   * Records that an administrator refunded this amount of a payment as goodwill. If the booking is already cancelled and
   * its refund exceeds the rest, the recorded refund is corrected: payments refunds that much less.
   */
  recordGoodwill(booking: Booking, amountMinor: number): void {
    booking.goodwillMinor = Math.min(booking.goodwillMinor + amountMinor, booking.terms.totalMinor);
    const { cancellation } = booking;
    const restMinor = refundableMinor(booking);
    if (!cancellation || cancellation.refundMinor <= restMinor) return;
    booking.cancellation = {
      ...cancellation,
      refundMinor: restMinor,
      refundLines: limitLines(cancellation.refundLines, restMinor),
    };
  }

  /** Applies the transition that is due: of the open change if it has expired, otherwise of the booking. */
  async processDue(context: BookingContext): Promise<void> {
    if (await this.changes.expireDue(context)) return;
    const { booking, now } = context;
    const { checkInAt, checkOutAt } = booking.terms;
    const step = { ...context, actor: SYSTEM };
    switch (booking.state) {
      case 'pending_payment':
        return await this.expire(step, 'hold_ran_out');
      case 'awaiting_host':
        return await this.expire(step, checkInAt <= now ? 'check_in_reached' : 'response_overdue');
      case 'awaiting_capture':
        return await this.expire(step, 'capture_failed');
      case 'confirmed':
        this.allow(booking, 'check_in_reached');
        await this.changes.close(step);
        await this.transitionTo(step, 'in_stay', 'check_in_reached', { dueAt: checkOutAt });
        return await this.history.publish(step, 'booking.checked-in', {});
      case 'in_stay':
        this.allow(booking, 'check_out_reached');
        await this.changes.close(step);
        await this.transitionTo(step, 'completed', 'check_out_reached', { dueAt: null });
        return await this.history.publish(step, 'booking.completed', {});
      default:
        throw new Error(`a booking in state ${booking.state} is never due`);
    }
  }

  /** Applies all overdue transitions, so that a command does not depend on the time of the last sweep. */
  async processOverdue(context: BookingContext): Promise<void> {
    const { booking, now } = context;
    while (booking.dueAt && booking.dueAt <= now) await this.processDue(context);
  }

  /** Ends the overdue bookings that have some of these nights. */
  async endStaleHolds(em: EntityManager, nights: StayNights, now: Date): Promise<void> {
    for (const id of await findStaleHolds(em, nights, now)) {
      const booking = await lockVisible(em, id, null);
      if (booking) await this.processOverdue({ em, booking, now });
    }
  }

  private next(booking: Booking, event: BookingEvent, facts: { datesFree?: boolean } = {}): Allowed | null {
    const { bookingMode } = booking.terms;
    const next = transition(booking.state, event, {
      bookingMode,
      expiryCause: booking.expiredCause,
      ...facts,
    });
    return next.allowed ? next : null;
  }

  private async reclaimNights(step: BookingStep): Promise<boolean> {
    await this.endStaleHolds(step.em, nightsOf(step.booking), step.now);
    return await this.nights.reclaim(step);
  }

  /** The host has to respond within the configured hours, before check-in, and while the authorization can be captured. */
  private async request(step: BookingStep, event: PaymentEvent, captureBefore?: Date): Promise<void> {
    const { booking, now } = step;
    const respondBy = earliest([
      addHours(now, this.config.HOST_RESPONSE_HOURS),
      booking.terms.checkInAt,
      ...(captureBefore ? [addMinutes(captureBefore, -this.config.CAPTURE_TTL_MINUTES)] : []),
    ]);
    booking.expiredCause = null;
    await this.transitionTo(step, 'awaiting_host', event, { dueAt: respondBy, respondBy });
    await this.history.publish(step, 'booking.requested', { respondBy: respondBy.toISOString() });
  }

  /** `late`: the payment arrived after the hold had expired. */
  private async confirm(step: BookingStep, event: PaymentEvent, late: boolean): Promise<void> {
    const { booking, now } = step;
    if (booking.capturedMinor < booking.terms.totalMinor)
      throw new Error('an unpaid booking can’t be confirmed');
    booking.expiredCause = null;
    booking.confirmedAt = now;
    booking.terms.refundSchedule = refundSchedule(booking.terms, now);
    const paid = { ...step, actor: PAYMENT };
    await this.transitionTo(paid, 'confirmed', event, { dueAt: booking.terms.checkInAt });
    await this.history.publish(paid, 'booking.confirmed', { late });
  }

  private async expire(step: BookingStep, event: BookingEvent): Promise<void> {
    const { expiryCause } = this.allow(step.booking, event);
    if (!expiryCause) throw new Error(`${event} does not expire a booking`);
    step.booking.expiredCause = expiryCause;
    await this.transitionTo(step, 'expired', event, { dueAt: null });
    await this.nights.release(step);
    await this.history.publish(step, 'booking.expired', { cause: expiryCause });
  }

  /** Another owner has the nights. Payments refunds the money when it receives this event. */
  private async rejectLatePayment(step: BookingStep): Promise<void> {
    await this.transitionTo(step, 'expired', 'late_payment_refused', { dueAt: null });
    await this.history.publish(step, 'booking.expired', { cause: 'hold' });
  }

  private async transitionTo(
    step: BookingStep,
    to: BookingState,
    event: BookingEvent | 'late_payment_refused',
    next: { dueAt: Date | null; respondBy?: Date },
  ): Promise<void> {
    const { booking } = step;
    const from = booking.state;
    booking.state = to;
    booking.holdExpiresAt = null;
    booking.respondBy = next.respondBy ?? null;
    booking.dueAt = next.dueAt;
    await this.history.append(step, { event, from });
  }
}

/** A request that reaches the host after check-in can't be answered. */
const hasTimeToRespond = ({ booking: { terms }, now }: BookingContext): boolean =>
  terms.bookingMode === 'instant' || terms.checkInAt > now;

const earliest = (instants: [Date, ...Date[]]): Date => instants.reduce((a, b) => (b < a ? b : a));
