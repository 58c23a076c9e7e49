import { sql } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type ExportSection, PersonalData } from '@roost/accounts';
import { viewsOf } from '../booking/booking-view.js';
import { Booking } from '../booking/booking.entity.js';
import { toChangeDto } from '../booking/change/change.dto.js';
import { BookingChange } from '../booking/change/change.entity.js';
import { listingsOfHost } from '../calendar/calendar.queries.js';
import { FeedUrlService } from '../feed/feed-url.service.js';
import { toMessageDto } from '../message/message.dto.js';
import { type ExportedMessage, messagesOfUser } from '../message/message.queries.js';
import { toQuoteDto } from '../quote/quote.dto.js';
import { Quote } from '../quote/quote.entity.js';

interface Id {
  id: string;
}

const idsOf = (rows: readonly Id[]) => rows.map(({ id }) => id);
const IN_ORDER = { orderBy: { id: 'asc' } } as const;

/** Bookings and messages as their guest and their host see them: contact details are masked until a booking is confirmed. */
@Injectable()
export class BookingsPersonalData extends PersonalData {
  constructor(private readonly urls: FeedUrlService) {
    super();
  }

  sections(userId: string): ExportSection[] {
    return [
      {
        name: 'bookings',
        rows: sql`SELECT id FROM booking WHERE ${userId}::uuid IN (guest_id, host_id) ORDER BY id`,
        view: async (em, rows: Id[]) =>
          viewsOf(em, await em.find(Booking, { id: { $in: idsOf(rows) } }, IN_ORDER)),
      },
      {
        name: 'bookingChanges',
        rows: sql`SELECT c.id, b.currency FROM booking_change c JOIN booking b ON b.id = c.booking_id
          WHERE ${userId}::uuid IN (b.guest_id, b.host_id) ORDER BY c.id`,
        view: async (em, rows: (Id & { currency: string })[]) => {
          const currencies = new Map(rows.map(({ id, currency }) => [id, currency]));
          const changes = await em.find(BookingChange, { id: { $in: idsOf(rows) } }, IN_ORDER);
          return changes.map((change) => toChangeDto(change, currencies.get(change.id) ?? ''));
        },
      },
      {
        name: 'quotes',
        rows: sql`SELECT id FROM quote WHERE guest_id = ${userId} ORDER BY id`,
        view: async (em, rows: Id[]) =>
          (await em.find(Quote, { id: { $in: idsOf(rows) } }, IN_ORDER)).map(toQuoteDto),
      },
      {
        name: 'messages',
        rows: messagesOfUser(userId),
        view: (_, rows: ExportedMessage[]) =>
          rows.map(({ listingId, bookingId, ...row }) => ({
            ...{ listingId, bookingId },
            ...toMessageDto(row, row.contactsShown),
          })),
      },
      {
        name: 'hostFigures',
        rows: sql`SELECT completed_stays AS "completedStays", completed_nights AS "completedNights",
          host_cancellations AS "hostCancellations", responses_due AS "responsesDue",
          responses_in_time AS "responsesInTime", median_response_minutes AS "medianResponseMinutes"
          FROM host_figures WHERE host_id = ${userId}`,
      },
      {
        name: 'calendarBlocks',
        rows: sql`SELECT b.id, l.public_id AS "listingId", b.from_date AS "from", b.to_date AS "to", b.note,
          b.created_at AS "createdAt" FROM calendar_block b JOIN calendar_listing l ON l.id = b.listing_id
          WHERE b.listing_id IN (${listingsOfHost(userId)}) ORDER BY b.id`,
      },
      {
        name: 'calendarFeeds',
        rows: sql`SELECT f.id, l.public_id AS "listingId", f.name, f.url, f.imported_at AS "importedAt",
          f.created_at AS "createdAt" FROM calendar_feed f JOIN calendar_listing l ON l.id = f.listing_id
          WHERE f.listing_id IN (${listingsOfHost(userId)}) ORDER BY f.id`,
        view: (_, rows: { url: string }[]) => rows.map((row) => ({ ...row, url: this.urls.mask(row.url) })),
      },
    ];
  }
}
