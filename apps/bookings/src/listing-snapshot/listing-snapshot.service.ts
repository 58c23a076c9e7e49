import { Injectable } from '@nestjs/common';
import { EntityManager } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { Problem } from '@roost/platform';
import type { PriceRules, StayRules } from '@roost/pricing';
import { setTimeout as delay } from 'node:timers/promises';
import { isActive } from '../account/account.queries.js';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';

/** Our own copy of what a listing says about itself. A draft may lack what publishing needs, hence the nulls. */
export interface ListingSnapshot {
  calendarListingId: number;
  listingId: string;
  hostId: string;
  status: EventBody<'listing.changed'>['status'];
  timeZone: string | null;
  checkInFrom: string;
  checkOutUntil: string;
  currency: string | null;
  bookingMode: 'instant' | 'request';
  capacity: number;
  maxPets: number;
  pricing: PriceRules | null;
  stayRules: StayRules;
  cancellationPolicy: EventBody<'listing.changed'>['cancellationPolicy'];
}

/** A listing that can be booked: it has everything that publishing asks for. */
export interface BookableListing extends ListingSnapshot {
  timeZone: string;
  currency: string;
  pricing: PriceRules;
  cancellationPolicy: NonNullable<ListingSnapshot['cancellationPolicy']>;
}

const arrivalMs = 2000;
const longestPauseMs = 300;

@Injectable()
export class ListingSnapshotService {
  constructor(
    private readonly em: EntityManager,
    private readonly publisher: CalendarPublisher,
  ) {}

  /** The listing's event may be a moment behind its publishing, so an unknown one is waited for, 2 s at most. */
  async awaitBookable(listingId: string): Promise<BookableListing> {
    const givesUpAt = performance.now() + arrivalMs;
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const listing = await this.find(listingId);
      if (listing && isBookable(listing)) return listing;
      const mayStillArrive = !listing || listing.status === 'draft';
      if (!mayStillArrive || performance.now() >= givesUpAt) throw new Problem('listing.not_found');
      await delay(pauseMs);
    }
  }

  async find(listingId: string, em: EntityManager = this.em.fork()): Promise<ListingSnapshot | null> {
    const [listing] = await this.findMany([listingId], em);
    return listing ?? null;
  }

  /** Those of them that are known, in no order. */
  async findMany(
    listingIds: readonly string[],
    em: EntityManager = this.em.fork(),
  ): Promise<ListingSnapshot[]> {
    const rows = await em.execute<ListingSnapshot[]>(`${select} WHERE s.listing_id = ANY(?::uuid[])`, [
      toArray(listingIds),
    ]);
    return rows.map(fromRow);
  }

  /** The listing for its host; a stranger learns of it only what is public anyway. */
  async findOwn(listingId: string, hostId: string, em?: EntityManager): Promise<ListingSnapshot> {
    const listing = await this.find(listingId, em);
    if (!listing) throw new Problem('listing.not_found');
    if (listing.hostId !== hostId) {
      throw new Problem(listing.status === 'published' ? 'listing.forbidden' : 'listing.not_found');
    }
    return listing;
  }

  async findOwnMany(listingIds: string[], hostId: string, em: EntityManager): Promise<ListingSnapshot[]> {
    const rows = await em.execute<ListingSnapshot[]>(
      `${select} WHERE s.listing_id = ANY(?::uuid[]) AND s.host_id = ?`,
      [toArray(listingIds), hostId],
    );
    return rows.map(fromRow);
  }

  /** Keeps the newest snapshot, whatever the order they come in. What it blocks may change with the preparation it needs. */
  async keep(em: EntityManager, body: EventBody<'listing.changed'>, version: number): Promise<void> {
    const [kept] = await em.execute<{ preparesOtherwise: boolean }[]>(
      `INSERT INTO listing_snapshot AS mine (listing_id, version, host_id, status, title, time_zone, check_in_from,
         check_out_until, currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?)
       ON CONFLICT (listing_id) DO UPDATE SET version = excluded.version, host_id = excluded.host_id,
         status = excluded.status, title = excluded.title, time_zone = excluded.time_zone,
         check_in_from = excluded.check_in_from, check_out_until = excluded.check_out_until,
         currency = excluded.currency, booking_mode = excluded.booking_mode, capacity = excluded.capacity,
         max_pets = excluded.max_pets, pricing = excluded.pricing, stay_rules = excluded.stay_rules,
         cancellation_policy = excluded.cancellation_policy
       WHERE mine.version < excluded.version
       RETURNING old.stay_rules ->> 'preparationNights' <> new.stay_rules ->> 'preparationNights' AS "preparesOtherwise"`,
      [
        body.listingId,
        version,
        body.hostId,
        body.status,
        body.title,
        body.timeZone,
        body.checkInFrom,
        body.checkOutUntil,
        body.currency,
        body.bookingMode,
        body.capacity,
        body.maxPets,
        body.pricing && JSON.stringify(body.pricing),
        JSON.stringify(body.stayRules),
        body.cancellationPolicy,
      ],
    );
    await em.execute(
      `WITH added AS (INSERT INTO calendar_listing (public_id) VALUES (?) ON CONFLICT DO NOTHING RETURNING id)
       INSERT INTO listing_space (listing_id, space_id) SELECT id, id FROM added`,
      [body.listingId],
    );
    if (kept?.preparesOtherwise) {
      await em.execute(
        'INSERT INTO calendar_mark (listing_id) SELECT id FROM calendar_listing WHERE public_id = ?',
        [body.listingId],
      );
      this.publisher.publishAfterCommit();
    }
  }
}

const select = `
  SELECT l.id AS "calendarListingId", s.listing_id AS "listingId", s.host_id AS "hostId",
    CASE WHEN ${isActive('s.host_id')} THEN s.status ELSE 'suspended' END AS status,
    s.time_zone AS "timeZone", s.check_in_from AS "checkInFrom", s.check_out_until AS "checkOutUntil", s.currency,
    s.booking_mode AS "bookingMode", s.capacity, s.max_pets AS "maxPets", s.pricing, s.stay_rules AS "stayRules",
    s.cancellation_policy AS "cancellationPolicy"
  FROM listing_snapshot s JOIN calendar_listing l ON l.public_id = s.listing_id`;

/** The driver gives bigint as text, so that nothing is lost; our numbers are far below 2^53. */
const fromRow = (row: ListingSnapshot): ListingSnapshot => ({
  ...row,
  calendarListingId: Number(row.calendarListingId),
});

const toArray = (ids: readonly string[]): string => `{${ids.join(',')}}`;

function isBookable(listing: ListingSnapshot): listing is BookableListing {
  return listing.status === 'published' && isPriced(listing);
}

/** A paused listing takes no new guests; those whom it has may still agree on something else. */
export function mayBeChanged(listing: ListingSnapshot): listing is BookableListing {
  return ['published', 'paused'].includes(listing.status) && isPriced(listing);
}

function isPriced(listing: ListingSnapshot): listing is BookableListing {
  return (
    listing.timeZone !== null &&
    listing.currency !== null &&
    listing.pricing !== null &&
    listing.cancellationPolicy !== null
  );
}
