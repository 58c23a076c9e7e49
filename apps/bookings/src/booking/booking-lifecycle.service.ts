import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, Problem, type Config } from '@roost/platform';
import { addHours, addMinutes } from '@roost/stay';
import type { BookingsConfig } from '../config.js';
import { findStaleHolds, type Stay } from '../calendar/calendar.queries.js';
import { ChangeLifecycle } from './change/change-lifecycle.service.js';
import { type Booking, type Cancellation, refundableMinor } from './booking.entity.js';
import { keptFacts } from './booking.events.js';
import { BookingNights, stayOf } from './booking-nights.service.js';
import { lockVisible } from './booking.queries.js';
import { type Actor, BookingHistory } from './booking-history.service.js';
import { transition, type Allowed, type BookingEvent, type BookingState } from './domain/booking-state.js';
import { limitLines, type Refund } from '../terms/domain/cancellation.js';
import { refundSchedule } from '../terms/domain/refund-schedule.js';

/** What a cancel settles between guest and host. */
export interface Settlement {
  by: Cancellation['by'];
  /** By rule, should all of it have been paid. */
  refund: Refund;
  /** What really goes back, of what was paid so far. */
  paidBack: Pick<Refund, 'refundMinor' | 'lines'>;
  hostPenaltyMinor: number;
}

const system: Actor = { by: 'system' };

/**
 * Moves bookings from state to state: the table in domain/booking-state.ts says whether and where to, and everything that
 * follows from it (calendar, next due instant, history, event) is done here, in the caller's transaction.
 */
@Injectable()
export class BookingLifecycle {
  constructor(
    private readonly record: BookingHistory,
    private readonly nights: BookingNights,
    private readonly changes: ChangeLifecycle,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  /** The transition, or 409. */
  allow(booking: Booking, event: BookingEvent, facts: { datesFree?: boolean } = {}): Allowed {
    const next = this.next(booking, event, facts);
    if (!next) throw new Problem('booking.transition_not_allowed', undefined, { state: booking.state });
    return next;
  }

  async pay(
    em: EntityManager,
    booking: Booking,
    event: PaymentEvent,
    now: Date,
    captureBefore?: Date,
  ): Promise<void> {
    const late = booking.state === 'expired';
    const mayRevive = late && this.next(booking, event, { datesFree: true }) !== null;
    const datesFree = mayRevive && this.hasTime(booking, now) && (await this.reclaimNights(em, booking, now));
    const next = this.next(booking, event, { datesFree });
    if (!next) {
      if (mayRevive) await this.refuseLatePayment(em, booking, now);
      return;
    }
    if (next.to === 'awaiting_host') await this.request(em, booking, event, now, captureBefore);
    else await this.confirm(em, booking, event, now, late);
  }

  /** Where the provider can't hold money it is captured already, and nothing is left to wait for. */
  async accept(em: EntityManager, booking: Booking, host: Actor, now: Date): Promise<void> {
    this.allow(booking, 'host_accepted');
    await this.transitionTo(em, booking, 'awaiting_capture', 'host_accepted', host, now, {
      dueAt: addMinutes(now, this.config.CAPTURE_TTL_MINUTES),
    });
    await this.record.announce(em, booking, 'booking.accepted', {});
    if (booking.capturedMinor >= booking.terms.totalMinor) {
      await this.confirm(em, booking, 'payment_captured', now, false);
    }
  }

  async decline(em: EntityManager, booking: Booking, host: Actor, now: Date): Promise<void> {
    this.allow(booking, 'host_declined');
    await this.transitionTo(em, booking, 'declined', 'host_declined', host, now, { dueAt: null });
    await this.nights.release(em, booking);
    await this.record.announce(em, booking, 'booking.declined', {});
  }

  async failCapture(em: EntityManager, booking: Booking, now: Date): Promise<void> {
    if (this.next(booking, 'capture_failed'))
      await this.expire(em, booking, 'capture_failed', { by: 'payment' }, now);
  }

  async cancel(
    em: EntityManager,
    booking: Booking,
    actor: Actor,
    settlement: Settlement,
    now: Date,
  ): Promise<void> {
    const event = `${settlement.by}_cancelled` as const;
    this.allow(booking, event);
    await this.changes.close(em, booking, actor, now);
    const { refund, paidBack, hostPenaltyMinor } = settlement;
    booking.cancellation = {
      by: settlement.by,
      reason: actor.reason ?? '',
      at: now.toISOString(),
      refundMinor: paidBack.refundMinor,
      refundLines: paidBack.lines,
      hostPenaltyMinor,
    };
    await this.transitionTo(em, booking, 'cancelled', event, actor, now, { dueAt: null });
    await this.nights.leave(em, booking, {
      nightsStayed: refund.nightsStayed,
      byHost: settlement.by === 'host',
      now,
    });
    await this.record.announce(em, booking, 'booking.cancelled', {
      by: settlement.by,
      refundMinor: refund.refundMinor,
      refundLines: refund.lines,
      hostPenaltyMinor,
      cancelledAt: now.toISOString(),
      ...keptFacts(refund),
    });
  }

  /**
   * An administrator gave so much back on a payment. Of what a change had taken off the total by then payments gave so much
   * less back; the same goes for a cancel that did not know of it yet, whose record is put right.
   */
  giveGoodwill(booking: Booking, amountMinor: number): void {
    booking.goodwillMinor = Math.min(booking.goodwillMinor + amountMinor, booking.terms.totalMinor);
    const { cancellation } = booking;
    const leftMinor = refundableMinor(booking);
    if (!cancellation || cancellation.refundMinor <= leftMinor) return;
    booking.cancellation = {
      ...cancellation,
      refundMinor: leftMinor,
      refundLines: limitLines(cancellation.refundLines, leftMinor),
    };
  }

  /** Time has come for this booking. */
  async processDue(em: EntityManager, booking: Booking, now: Date): Promise<void> {
    if (await this.changes.expireDue(em, booking, now)) return;
    switch (booking.state) {
      case 'pending_payment':
        return await this.expire(em, booking, 'hold_ran_out', system, now);
      case 'awaiting_host':
        return await this.expire(
          em,
          booking,
          booking.terms.checkInAt <= now ? 'check_in_reached' : 'response_overdue',
          system,
          now,
        );
      case 'awaiting_capture':
        return await this.expire(em, booking, 'capture_failed', system, now);
      case 'confirmed':
        this.allow(booking, 'check_in_reached');
        await this.changes.close(em, booking, system, now);
        await this.transitionTo(em, booking, 'in_stay', 'check_in_reached', system, now, {
          dueAt: booking.terms.checkOutAt,
        });
        return await this.record.announce(em, booking, 'booking.checked-in', {});
      case 'in_stay':
        this.allow(booking, 'check_out_reached');
        await this.changes.close(em, booking, system, now);
        await this.transitionTo(em, booking, 'completed', 'check_out_reached', system, now, { dueAt: null });
        return await this.record.announce(em, booking, 'booking.completed', {});
      default:
        throw new Error(`a booking that is ${booking.state} is never due`);
    }
  }

  /** So that a command meets the state that the booking has by now, whether or not a sweeper came by. */
  async processOverdue(em: EntityManager, booking: Booking, now: Date): Promise<void> {
    while (booking.dueAt && booking.dueAt <= now) await this.processDue(em, booking, now);
  }

  /** Others whose own time is up don't count; they end here. */
  async endStaleHolds(em: EntityManager, stay: Stay, now: Date): Promise<void> {
    for (const id of await findStaleHolds(em, stay, now)) {
      const stale = await lockVisible(em, id, null);
      if (stale) await this.processOverdue(em, stale, now);
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

  private async reclaimNights(em: EntityManager, booking: Booking, now: Date): Promise<boolean> {
    await this.endStaleHolds(em, stayOf(booking), now);
    return await this.nights.reclaim(em, booking, now);
  }

  /** A request that nobody could answer before check-in is none. */
  private hasTime(booking: Booking, now: Date): boolean {
    return booking.terms.bookingMode === 'instant' || booking.terms.checkInAt > now;
  }

  /** The answer is due in a day, before check-in, and while the authorization can still be captured. */
  private async request(
    em: EntityManager,
    booking: Booking,
    event: PaymentEvent,
    now: Date,
    captureBefore?: Date,
  ): Promise<void> {
    const respondBy = earliest([
      addHours(now, this.config.HOST_RESPONSE_HOURS),
      booking.terms.checkInAt,
      ...(captureBefore ? [addMinutes(captureBefore, -this.config.CAPTURE_TTL_MINUTES)] : []),
    ]);
    booking.expiredCause = null;
    await this.transitionTo(em, booking, 'awaiting_host', event, { by: 'payment' }, now, {
      dueAt: respondBy,
      respondBy,
    });
    await this.record.announce(em, booking, 'booking.requested', { respondBy: respondBy.toISOString() });
  }

  private async confirm(
    em: EntityManager,
    booking: Booking,
    event: PaymentEvent,
    now: Date,
    late: boolean,
  ): Promise<void> {
    this.assertPaid(booking);
    booking.expiredCause = null;
    booking.confirmedAt = now;
    booking.terms.refundSchedule = refundSchedule(booking.terms, now);
    await this.transitionTo(em, booking, 'confirmed', event, { by: 'payment' }, now, {
      dueAt: booking.terms.checkInAt,
    });
    await this.record.announce(em, booking, 'booking.confirmed', { late });
  }

  private async expire(
    em: EntityManager,
    booking: Booking,
    event: BookingEvent,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    const { expiryCause } = this.allow(booking, event);
    if (!expiryCause) throw new Error(`${event} does not expire a booking`);
    booking.expiredCause = expiryCause;
    await this.transitionTo(em, booking, 'expired', event, actor, now, { dueAt: null });
    await this.nights.release(em, booking);
    await this.record.announce(em, booking, 'booking.expired', { cause: expiryCause });
  }

  /** Somebody else has the dates: payments, which waited for this answer, gives the money back. */
  private async refuseLatePayment(em: EntityManager, booking: Booking, now: Date): Promise<void> {
    await this.transitionTo(em, booking, 'expired', 'late_payment_refused', { by: 'payment' }, now, {
      dueAt: null,
    });
    await this.record.announce(em, booking, 'booking.expired', { cause: 'hold' });
  }

  private assertPaid(booking: Booking): void {
    if (booking.capturedMinor < booking.terms.totalMinor)
      throw new Error('a booking is never confirmed unpaid');
  }

  private async transitionTo(
    em: EntityManager,
    booking: Booking,
    to: BookingState,
    event: BookingEvent | 'late_payment_refused',
    actor: Actor,
    now: Date,
    next: { dueAt: Date | null; respondBy?: Date },
  ): Promise<void> {
    const from = booking.state;
    booking.state = to;
    booking.holdExpiresAt = null;
    booking.respondBy = next.respondBy ?? null;
    booking.dueAt = next.dueAt;
    await this.record.append(em, booking, { event, actor, now, from });
  }
}

type PaymentEvent = 'payment_authorized' | 'payment_captured';

const earliest = (instants: [Date, ...Date[]]): Date => instants.reduce((a, b) => (b < a ? b : a));
