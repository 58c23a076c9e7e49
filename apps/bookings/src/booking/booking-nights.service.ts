import { Injectable } from '@nestjs/common';
import { uuidv7 } from '@roost/platform';
import { addDays, type IsoDate, localDate } from '@roost/stay';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { CalendarBlock } from '../calendar/calendar.entity.js';
import {
  claimBlock,
  claimStay,
  lockLinks,
  markDirty,
  nextOwner,
  release,
  releaseChange,
  replaceByChange,
  type StayNights,
} from '../calendar/calendar.queries.js';
import type { BookingContext } from './booking-step.js';
import type { Booking } from './booking.entity.js';

export const nightsOf = ({ terms }: Pick<Booking, 'terms'>): StayNights => ({
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

/**
 * Claims and releases the nights of an existing booking. Each method locks the links of the listing first: otherwise
 * nights that another transaction moves to other spaces at this moment would not be released.
 */
@Injectable()
export class BookingNights {
  constructor(private readonly publisher: CalendarPublisher) {}

  async release(context: BookingContext): Promise<void> {
    const { em, booking } = context;
    await lockLinks(em, booking.terms.calendarListingId);
    await release(em, booking.ownerId);
    await this.markDirty(context);
  }

  /** Claims the nights again for a booking that has released them. Returns false if they are past or taken. */
  async reclaim(context: BookingContext): Promise<boolean> {
    const { em, booking, now } = context;
    if (booking.terms.checkInDate < localDate(now, booking.terms.timeZone)) return false;
    await lockLinks(em, booking.terms.calendarListingId);
    if (await claimStay(em, booking.ownerId, nightsOf(booking))) {
      await this.markDirty(context);
      return true;
    }
    await release(em, booking.ownerId);
    return false;
  }

  /** Claims the nights of a change in addition to those of the booking. Returns false if another owner has some of them. */
  async holdForChange(context: BookingContext, change: ChangedNights): Promise<boolean> {
    const { em, booking } = context;
    await lockLinks(em, booking.terms.calendarListingId);
    const { checkInDate, checkOutDate } = change;
    const requested = { ...nightsOf(booking), checkInDate, checkOutDate };
    const held = await claimStay(em, booking.ownerId, requested, change.id);
    if (held) await this.markDirty(context);
    else await releaseChange(em, booking.ownerId, change.id);
    return held;
  }

  async releaseChange(context: BookingContext, change: ChangedNights): Promise<void> {
    const { em, booking } = context;
    await lockLinks(em, booking.terms.calendarListingId);
    await releaseChange(em, booking.ownerId, change.id);
    await this.markDirty(context);
  }

  async applyChange(context: BookingContext, change: ChangedNights): Promise<void> {
    const { em, booking } = context;
    await lockLinks(em, booking.terms.calendarListingId);
    await replaceByChange(em, booking.ownerId, change.id);
    await this.markDirty(context);
  }

  /** Keeps the nights stayed and releases the others. After a cancellation by the host, the others become a block. */
  async endEarly(context: BookingContext, end: { nightsStayed: number; byHost: boolean }): Promise<void> {
    const { em, booking } = context;
    const { terms } = booking;
    const from = addDays(terms.checkInDate, end.nightsStayed);
    await lockLinks(em, terms.calendarListingId);
    await release(em, booking.ownerId);
    if (end.nightsStayed > 0)
      await claimStay(em, booking.ownerId, { ...nightsOf(booking), checkOutDate: from });
    if (end.byHost && from < terms.checkOutDate) await this.block(context, from);
    await this.markDirty(context);
  }

  private async block({ em, booking: { terms }, now }: BookingContext, from: IsoDate): Promise<void> {
    const ownerId = await nextOwner(em);
    const nights = { calendarListingId: terms.calendarListingId, from, to: terms.checkOutDate };
    if (!(await claimBlock(em, ownerId, nights)))
      throw new Error('another owner has nights that this transaction released');
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

  private async markDirty({ em, booking }: BookingContext): Promise<void> {
    await markDirty(em, booking.terms.calendarListingId);
    this.publisher.publishAfterCommit();
  }
}
