import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { uuidv7 } from '@roost/platform';
import { addDays, type IsoDate, localDate } from '@roost/stay';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { CalendarBlock } from '../calendar/calendar.entity.js';
import {
  claimBlock,
  claimStay,
  lockLinks,
  mark,
  nextOwner,
  release,
  releaseChange,
  type Stay,
  takeOverFromChange,
} from '../calendar/calendar.queries.js';
import type { Booking } from './booking.entity.js';

export const stayOf = ({ terms }: Pick<Booking, 'terms'>): Stay => ({
  calendarListingId: terms.calendarListingId,
  checkInDate: terms.checkInDate,
  checkOutDate: terms.checkOutDate,
  preparationNights: terms.preparationNights,
});

interface ChangedNights {
  id: string;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
}

/** What a booking does to the calendar after it was made. Each change leaves a mark, from which calendar.changed follows. */
@Injectable()
export class BookingNights {
  constructor(private readonly publisher: CalendarPublisher) {}

  /** Under the lock of its links: nights that are being moved to other spaces at this moment would stay behind. */
  async release(em: EntityManager, booking: Booking): Promise<void> {
    await lockLinks(em, booking.terms.calendarListingId);
    await release(em, booking.ownerId);
    await this.changed(em, booking);
  }

  /** The nights once more, for a booking that had given them up; nights that are past are not free. */
  async reclaim(em: EntityManager, booking: Booking, now: Date): Promise<boolean> {
    if (booking.terms.checkInDate < localDate(now, booking.terms.timeZone)) return false;
    await lockLinks(em, booking.terms.calendarListingId);
    if (await claimStay(em, booking.ownerId, stayOf(booking))) {
      await this.changed(em, booking);
      return true;
    }
    await release(em, booking.ownerId);
    return false;
  }

  /** The nights of other dates, beside those that the booking has; false: somebody has some of them. */
  async holdForChange(em: EntityManager, booking: Booking, change: ChangedNights): Promise<boolean> {
    await lockLinks(em, booking.terms.calendarListingId);
    const { checkInDate, checkOutDate } = change;
    const wanted = { ...stayOf(booking), checkInDate, checkOutDate };
    const held = await claimStay(em, booking.ownerId, wanted, change.id);
    if (held) await this.changed(em, booking);
    else await releaseChange(em, booking.ownerId, change.id);
    return held;
  }

  async releaseChange(em: EntityManager, booking: Booking, change: ChangedNights): Promise<void> {
    await lockLinks(em, booking.terms.calendarListingId);
    await releaseChange(em, booking.ownerId, change.id);
    await this.changed(em, booking);
  }

  async applyChange(em: EntityManager, booking: Booking, change: ChangedNights): Promise<void> {
    await lockLinks(em, booking.terms.calendarListingId);
    await takeOverFromChange(em, booking.ownerId, change.id);
    await this.changed(em, booking);
  }

  /** Keeps the nights stayed and frees the others; those that a host walked out of stay hers, as a block. */
  async leave(
    em: EntityManager,
    booking: Booking,
    left: { nightsStayed: number; byHost: boolean; now: Date },
  ): Promise<void> {
    const { terms } = booking;
    const from = addDays(terms.checkInDate, left.nightsStayed);
    await lockLinks(em, terms.calendarListingId);
    await release(em, booking.ownerId);
    if (left.nightsStayed > 0)
      await claimStay(em, booking.ownerId, { ...stayOf(booking), checkOutDate: from });
    if (left.byHost && from < terms.checkOutDate) await this.block(em, booking, from, left.now);
    await this.changed(em, booking);
  }

  private async block(em: EntityManager, { terms }: Booking, from: string, now: Date): Promise<void> {
    const ownerId = await nextOwner(em);
    const nights = { calendarListingId: terms.calendarListingId, from, to: terms.checkOutDate };
    if (!(await claimBlock(em, ownerId, nights)))
      throw new Error('nights just given up were taken in the same transaction');
    em.persist(
      em.create(CalendarBlock, {
        id: uuidv7(),
        ownerId,
        listingId: terms.calendarListingId,
        fromDate: from,
        toDate: terms.checkOutDate,
        note: '',
        createdAt: now,
      }),
    );
  }

  private async changed(em: EntityManager, booking: Booking): Promise<void> {
    await mark(em, booking.terms.calendarListingId);
    this.publisher.publishAfterCommit();
  }
}
