import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { addLogFields, Idempotency, type AuthUser } from '@roost/http';
import { Clock, invalidField, Problem, uuidv7 } from '@roost/platform';
import { isActiveAccount } from '../../account/account.queries.js';
import type { Booking } from '../booking.entity.js';
import { BookingLifecycle } from '../booking-lifecycle.service.js';
import { stayOf } from '../booking-nights.service.js';
import { findVisible, lockVisible } from '../booking.queries.js';
import type { Actor } from '../booking-history.service.js';
import { BookingSweeper, NightsTaken } from '../booking-sweeper.jobs.js';
import { ListingSnapshotService, mayBeChanged } from '../../listing-snapshot/listing-snapshot.service.js';
import { StayPricing } from '../../quote/stay-pricing.service.js';
import { type BookingChange as ChangeDto, type ProposeChange, toChangeDto } from './change.dto.js';
import { BookingChange } from './change.entity.js';
import { ChangeLifecycle } from './change-lifecycle.service.js';
import { findChange } from './change.queries.js';
import {
  answerBy,
  changedStay,
  givesBackStayedNights,
  isSameStay,
  isAutoApplied,
  sameDates,
  type Stay,
} from './domain/changed-stay.js';
import type { Side } from './domain/change-state.js';

/** One side proposes other terms, the other answers. */
@Injectable()
export class ChangeService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly bookings: BookingLifecycle,
    private readonly changes: ChangeLifecycle,
    private readonly sweeper: BookingSweeper,
    private readonly listings: ListingSnapshotService,
    private readonly pricing: StayPricing,
    private readonly clock: Clock,
  ) {}

  async propose(user: AuthUser, bookingId: string, wanted: ProposeChange): Promise<ChangeDto> {
    return await this.sweeper.endStaleHoldsFirst(() =>
      this.idempotency.answer(async (em) => {
        const now = this.clock.now();
        const booking = await this.find(em, user, bookingId, now);
        if (!(await isActiveAccount(em, user.id))) throw new Problem('account.suspended');
        const change = await this.draft(em, booking, sideOf(booking, user), wanted, now);
        const actor = actorOf(booking, user);
        if (change.state === 'applied') await this.changes.applyAtOnce(em, booking, change, actor);
        else if (!(await this.changes.propose(em, booking, change, actor))) {
          const { checkInDate, checkOutDate } = change;
          throw new NightsTaken('booking.dates_unavailable', {
            ...stayOf(booking),
            checkInDate,
            checkOutDate,
          });
        }
        return toChangeDto(change, booking.terms.currency);
      }),
    );
  }

  async accept(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.answer(user, bookingId, changeId, async (em, booking, change, now) => {
      if (!(await isActiveAccount(em, user.id))) throw new Problem('account.suspended');
      await this.changes.accept(em, booking, change, actorOf(booking, user), now);
    });
  }

  async decline(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.answer(user, bookingId, changeId, (em, booking, change, now) =>
      this.changes.decline(em, booking, change, actorOf(booking, user), now),
    );
  }

  async withdraw(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.answer(user, bookingId, changeId, (em, booking, change, now) =>
      this.changes.withdraw(em, booking, change, actorOf(booking, user), now),
    );
  }

  /** With its version, for the ETag. */
  async read(
    viewer: AuthUser,
    bookingId: string,
    changeId: string,
  ): Promise<{ change: ChangeDto; version: number }> {
    const em = this.em.fork();
    const booking = await findVisible(em, bookingId, viewer.roles.includes('admin') ? null : viewer.id);
    const change = booking && (await findChange(em, bookingId, changeId));
    if (!change) throw new Problem('change.not_found');
    return { change: toChangeDto(change, booking.terms.currency), version: change.version };
  }

  private async answer(
    user: AuthUser,
    bookingId: string,
    changeId: string,
    act: (em: EntityManager, booking: Booking, change: BookingChange, now: Date) => Promise<void>,
  ): Promise<ChangeDto> {
    return await this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      const booking = await this.find(em, user, bookingId, now);
      const change = await findChange(em, bookingId, changeId);
      if (!change) throw new Problem('change.not_found');
      await act(em, booking, change, now);
      return toChangeDto(change, booking.terms.currency);
    });
  }

  private async find(em: EntityManager, user: AuthUser, id: string, now: Date): Promise<Booking> {
    const booking = await lockVisible(em, id, user.id);
    if (!booking) throw new Problem('booking.not_found');
    addLogFields({ bookingId: id, listingId: booking.terms.listingId });
    await this.bookings.processOverdue(em, booking, now);
    return booking;
  }

  private async draft(
    em: EntityManager,
    booking: Booking,
    proposedBy: Side,
    wanted: ProposeChange,
    now: Date,
  ): Promise<BookingChange> {
    const { terms } = booking;
    if (booking.state !== 'confirmed' && booking.state !== 'in_stay')
      throw new Problem('booking.transition_not_allowed', undefined, { state: booking.state });
    if (booking.openChangeId)
      throw new Problem('change.already_open', undefined, { changeId: booking.openChangeId });
    const next = changedStay(terms, wanted);
    validateChange(terms, next, wanted);
    const earliestCheckOutDate = givesBackStayedNights(terms, next, now);
    if (earliestCheckOutDate) throw new Problem('change.nights_stayed', undefined, { earliestCheckOutDate });

    const listing = await this.listings.find(terms.listingId, em);
    if (!listing || !mayBeChanged(listing)) throw new Problem('booking.listing_unavailable');
    const changed = this.pricing.changed(terms, listing, next, now);
    const atOnce = isAutoApplied(terms, next, terms.price, changed.price);
    return Object.assign(new BookingChange(), {
      id: uuidv7(),
      bookingId: booking.id,
      state: atOnce ? 'applied' : 'proposed',
      proposedBy,
      ...changed,
      differenceMinor: changed.totalMinor - terms.totalMinor,
      holdsNights: !sameDates(terms, next),
      expiresAt: atOnce ? null : answerBy(terms, changed, now, this.changes.limits),
      acceptedAt: null,
      createdAt: now,
      updatedAt: now,
    });
  }
}

function validateChange(now: Stay, next: Stay, wanted: ProposeChange): void {
  if (next.checkInDate >= next.checkOutDate) {
    throw wanted.checkOutDate
      ? invalidField('/checkOutDate', 'Must be after checkInDate')
      : invalidField('/checkInDate', 'Must be before the check-out');
  }
  if (isSameStay(now, next)) throw new Problem('change.nothing_changed');
}

const sideOf = (booking: Booking, user: AuthUser): Side =>
  booking.terms.hostId === user.id ? 'host' : 'guest';

const actorOf = (booking: Booking, user: AuthUser): Actor => ({ by: sideOf(booking, user), id: user.id });
