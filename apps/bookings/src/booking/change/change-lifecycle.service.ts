import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { CONFIG, Problem, type Config } from '@roost/platform';
import type { Booking } from '../booking.entity.js';
import { splitOf } from '../booking.events.js';
import { BookingNights } from '../booking-nights.service.js';
import { type Actor, BookingHistory, type HistoryEvent } from '../booking-history.service.js';
import { tiersAfterChange } from '../../terms/domain/cancellation.js';
import { refundSchedule } from '../../terms/domain/refund-schedule.js';
import type { BookingsConfig } from '../../config.js';
import { BookingChange } from './change.entity.js';
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

const system: Actor = { by: 'system' };

/**
 * Moves a change from state to state, as the table in domain/change-state.ts has it, in the transaction of its booking:
 * every step is a new version of the booking, so a change and a cancellation at once meet there and one of them wins.
 */
@Injectable()
export class ChangeLifecycle {
  readonly limits: ChangeLimits;

  constructor(
    private readonly record: BookingHistory,
    private readonly nights: BookingNights,
    @Inject(CONFIG) config: Config<typeof BookingsConfig>,
  ) {
    this.limits = {
      answerHours: config.CHANGE_RESPONSE_HOURS,
      paymentMinutes: config.CHANGE_PAYMENT_MINUTES,
    };
  }

  /** False: somebody has some of the nights; roll back. */
  async propose(em: EntityManager, booking: Booking, change: BookingChange, actor: Actor): Promise<boolean> {
    if (change.holdsNights && !(await this.nights.holdForChange(em, booking, change))) return false;
    booking.openChangeId = change.id;
    // The booking first: of two proposals at once one fails there, and runs again to find the other.
    await this.write(em, booking, change, 'change_proposed', actor, change.createdAt);
    await em.persist(change).flush();
    await this.tell(em, booking, change, 'booking.change-proposed', actor, null);
    return true;
  }

  /** What asks nobody and costs nothing. */
  async applyAtOnce(em: EntityManager, booking: Booking, change: BookingChange, actor: Actor): Promise<void> {
    em.persist(change);
    await this.apply(em, booking, change, actor, change.createdAt);
  }

  async accept(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    const to = this.next(change, 'accepted', actor);
    change.acceptedAt = now;
    if (to === 'awaiting_payment') {
      change.state = to;
      change.expiresAt = payBy(booking.terms, change, now, this.limits);
    }
    await this.write(em, booking, change, 'change_accepted', actor, now);
    await this.tell(em, booking, change, 'booking.change-accepted', actor, null);
    if (to === 'applied') await this.apply(em, booking, change, actor, now);
  }

  async decline(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    await this.end(em, booking, change, 'declined', actor, now);
  }

  async withdraw(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    await this.end(em, booking, change, 'withdrawn', actor, now);
  }

  /** The difference was paid; of a payment that comes late, `stillPossible` says whether the change can be made up for. */
  async pay(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    now: Date,
    stillPossible = false,
  ): Promise<void> {
    const actor: Actor = { by: 'payment' };
    const isLate = change.state === 'expired';
    const wasAccepted = change.acceptedAt !== null;
    const next = changeTransition(change.state, 'paid', { ...change, wasAccepted, stillPossible });
    const holds = next.allowed && (!isLate || (await this.holdAgain(em, booking, change)));
    if (holds) return await this.apply(em, booking, change, actor, now);
    if (!isLate) return;
    // Payments waited for this answer, and gives the money back.
    await this.write(em, booking, change, 'change_late_payment_refused', actor, now);
    await this.tell(em, booking, change, 'booking.change-closed', actor, 'expired');
  }

  async failPayment(em: EntityManager, booking: Booking, change: BookingChange, now: Date): Promise<void> {
    if (change.state !== 'awaiting_payment') return;
    await this.end(em, booking, change, 'payment_failed', { by: 'payment' }, now);
  }

  /** True where the open change had run out. One that ends with the check-in or check-out is closed by that. */
  async expireDue(em: EntityManager, booking: Booking, now: Date): Promise<boolean> {
    const change = await findOpenChange(em, booking);
    const resting = restingDue(booking);
    if (!change?.expiresAt || change.expiresAt > now || (resting && change.expiresAt >= resting))
      return false;
    await this.end(em, booking, change, 'time_ran_out', system, now);
    return true;
  }

  /** Check-in, check-out or a cancellation comes first. */
  async close(em: EntityManager, booking: Booking, { by, id }: Actor, now: Date): Promise<void> {
    const change = await findOpenChange(em, booking);
    if (change) await this.end(em, booking, change, 'booking_moved_on', { by, ...(id && { id }) }, now);
  }

  /** The state that follows, 403 where it is for the other side to say, or 409. */
  private next(change: BookingChange, event: ChangeEvent, actor: Actor): ChangeState {
    const by = sideOf(actor);
    const next = changeTransition(change.state, event, {
      ...change,
      by,
      wasAccepted: change.acceptedAt !== null,
    });
    if (next.allowed) return next.to;
    if (next.byOthers) throw new Problem('auth.forbidden', 'This is for the other side to decide');
    throw new Problem('change.transition_not_allowed', undefined, { state: change.state });
  }

  private async holdAgain(em: EntityManager, booking: Booking, change: BookingChange): Promise<boolean> {
    return !change.holdsNights || (await this.nights.holdForChange(em, booking, change));
  }

  private async end(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    event: ChangeEvent,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    const to = this.next(change, event, actor);
    if (isOpenChange(to) || to === 'proposed' || to === 'applied')
      throw new Error(`${event} does not end a change`);
    change.state = to;
    change.expiresAt = null;
    booking.openChangeId = null;
    await this.write(em, booking, change, `change_${event}`, actor, now);
    if (change.holdsNights) await this.nights.releaseChange(em, booking, change);
    await this.tell(em, booking, change, 'booking.change-closed', actor, to as Outcome);
  }

  /** From here on the new terms are those of the booking. */
  private async apply(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    const { terms, confirmedAt } = booking;
    if (!confirmedAt) throw new Error('only a confirmed booking is changed');
    if (terms.totalMinor + change.differenceMinor !== change.totalMinor)
      throw new Error('a change to other terms than the booking has');
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
    // Payments gives back what is left at the most: so much of the goodwill has gone into what the change costs less.
    booking.goodwillMinor = Math.min(booking.goodwillMinor, totalMinor);
    booking.openChangeId = null;
    change.state = 'applied';
    change.expiresAt = null;
    await this.write(em, booking, change, 'change_applied', actor, now);
    if (change.holdsNights) await this.nights.applyChange(em, booking, change);
    await this.tell(em, booking, change, 'booking.change-applied', actor, null);
  }

  private async write(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    event: HistoryEvent,
    actor: Actor,
    now: Date,
  ): Promise<void> {
    change.updatedAt = now;
    const resting = restingDue(booking);
    const { expiresAt } = change;
    booking.dueAt = expiresAt && resting && expiresAt < resting ? expiresAt : resting;
    await this.record.append(em, booking, { event, actor, now, changeId: change.id });
  }

  private async tell(
    em: EntityManager,
    booking: Booking,
    change: BookingChange,
    type: `booking.change-${'proposed' | 'accepted' | 'applied' | 'closed'}`,
    actor: Actor,
    outcome: Outcome | null,
  ): Promise<void> {
    const { id, checkInDate, checkOutDate, guests, differenceMinor, expiresAt, totalMinor } = change;
    await this.record.announce(em, booking, type, {
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

/** When the booking itself is due, whatever becomes of its change; what has ended is never due. */
function restingDue({ state, terms }: Booking): Date | null {
  if (state === 'confirmed') return terms.checkInAt;
  return state === 'in_stay' ? terms.checkOutAt : null;
}

const sideOf = ({ by }: Actor): Side | null => (by === 'guest' || by === 'host' ? by : null);
