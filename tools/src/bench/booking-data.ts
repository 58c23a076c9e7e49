import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import { addDays, localDate } from '@roost/stay';
import type { BenchEnvironment, Service } from './harness/bench-environment.js';

const DATABASE = 'roost_bookings';
const LOW_LISTINGS = 500;
const TIME_ZONE = 'America/New_York';
const NIGHTS = 3;

/** Returns the calendars that bookings has not published yet. */
export const DIRTY_CALENDARS = 'SELECT FROM calendar_mark';

type Guest = ReturnType<BenchEnvironment['signedIn']>;

export interface BenchQuote {
  quoteId: string;
  guest: Guest;
}

export interface Quotes {
  /** Quotes without common nights. */
  low: BenchQuote[];
  /** Per measurement, quotes for overlapping nights of one listing. */
  hot: BenchQuote[][];
}

/** Inserts the rows that `listing.published` events create in bookings; the other services do not run. */
export async function fillListings(environment: BenchEnvironment): Promise<void> {
  const pricing = PriceRules.parse({
    basePriceMinor: 10_000,
    cleaningFeeMinor: 5_000,
    taxes: [
      {
        name: 'Occupancy',
        kind: 'percent',
        bps: 800,
        amountMinor: 0,
        exemptAboveNights: null,
        maxNights: null,
        exemptUnderAge: null,
      },
    ],
  });
  await environment.sql(
    DATABASE,
    `WITH added AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, time_zone, check_in_from,
         check_out_until, currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       SELECT gen_random_uuid(), 1, gen_random_uuid(), 'published', 'low', $1, '15:00', '11:00', 'USD', 'instant',
         4, 0, $2, $3, 'moderate' FROM generate_series(1, $4) RETURNING listing_id)
     INSERT INTO calendar_listing (public_id) SELECT listing_id FROM added`,
    [TIME_ZONE, JSON.stringify(pricing), JSON.stringify(DEFAULT_STAY_RULES), LOW_LISTINGS],
  );
  await environment.sql(DATABASE, 'INSERT INTO listing_space SELECT id, id FROM calendar_listing');
}

/** Creates one quote through the API and copies it for other listings, nights and guests. */
export async function fillQuotes(
  environment: BenchEnvironment,
  bookings: Service,
  guests: readonly Guest[],
  counts: { low: number; hot: number; hotRequests: number },
): Promise<Quotes> {
  const template = await createQuote(environment, bookings, guests);
  await environment.sql(
    DATABASE,
    `WITH added AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, time_zone, check_in_from,
         check_out_until, currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       SELECT gen_random_uuid(), version, gen_random_uuid(), status, 'hot', time_zone, check_in_from, check_out_until,
         currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy
       FROM generate_series(1, $1), LATERAL (SELECT * FROM listing_snapshot WHERE title = 'low' LIMIT 1) template
       RETURNING listing_id),
     calendars AS (INSERT INTO calendar_listing (public_id) SELECT listing_id FROM added RETURNING id)
     INSERT INTO listing_space SELECT id, id FROM calendars`,
    [counts.hot],
  );
  const low = await copyQuote(environment, template, guests, {
    title: 'low',
    listings: LOW_LISTINGS,
    perListing: Math.ceil(counts.low / LOW_LISTINGS) + 1,
    // Adjacent stays, after the nights of the template.
    firstNight: 'slot * 3 + 10',
  });
  const hot = await copyQuote(environment, template, guests, {
    title: 'hot',
    listings: counts.hot,
    perListing: counts.hotRequests,
    firstNight: 'slot * 7 % 60',
  });
  const byListing = Map.groupBy(hot, ({ listing }) => listing);
  // Consecutive quotes belong to different listings.
  return { low: low.toSorted((a, b) => a.slot - b.slot), hot: [...byListing.values()] };
}

async function createQuote(
  environment: BenchEnvironment,
  bookings: Service,
  guests: readonly Guest[],
): Promise<string> {
  const [listing] = await environment.sql<{ id: string }>(
    DATABASE,
    'SELECT public_id AS id FROM calendar_listing LIMIT 1',
  );
  const checkInDate = addDays(localDate(new Date(), TIME_ZONE), 30);
  const response = await fetch(`${bookings.url}/v1/quotes`, {
    method: 'POST',
    headers: { ...guests[0]?.headers, 'content-type': 'application/json' },
    body: JSON.stringify({
      listingId: listing?.id,
      checkInDate,
      checkOutDate: addDays(checkInDate, NIGHTS),
      guests: { adults: 2, children: [], infants: 0, pets: 0 },
    }),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`POST /v1/quotes responded with ${response.status}: ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

async function copyQuote(
  environment: BenchEnvironment,
  template: string,
  guests: readonly Guest[],
  {
    title,
    listings,
    perListing,
    firstNight,
  }: { title: string; listings: number; perListing: number; firstNight: string },
): Promise<(BenchQuote & { listing: string; slot: number })[]> {
  const byId = new Map(guests.map((guest) => [guest.id, guest]));
  const rows = await environment.sql<{ id: string; guest: string; listing: string; slot: number }>(
    DATABASE,
    `WITH copies AS MATERIALIZED (
       SELECT uuidv7() AS id, l.listing_id, c.id AS calendar_listing_id, l.host_id, slot, ${firstNight} AS days,
         ($3::uuid[])[1 + (slot + c.id) % $4] AS guest_id
       FROM (SELECT * FROM listing_snapshot WHERE title = $2 LIMIT $5) l
       JOIN calendar_listing c ON c.public_id = l.listing_id CROSS JOIN generate_series(1, $6::int) slot),
     added AS (
       INSERT INTO quote (id, expires_at, listing_id, calendar_listing_id, host_id, guest_id, booking_mode,
         cancellation_policy, time_zone, check_in_from, check_out_until, check_in_date, check_out_date, check_in_at,
         check_out_at, preparation_nights, guests, currency, price, total_minor, host_payout_minor, refund_schedule,
         created_at)
       SELECT n.id, now() + interval '1 day', n.listing_id, n.calendar_listing_id, n.host_id, n.guest_id, q.booking_mode,
         q.cancellation_policy, q.time_zone, q.check_in_from, q.check_out_until, q.check_in_date + days,
         q.check_out_date + days, q.check_in_at + days * interval '1 day', q.check_out_at + days * interval '1 day',
         q.preparation_nights, q.guests, q.currency, q.price, q.total_minor, q.host_payout_minor, q.refund_schedule,
         q.created_at
       FROM copies n CROSS JOIN quote q WHERE q.id = $1)
     SELECT id, guest_id AS guest, listing_id AS listing, slot FROM copies ORDER BY id`,
    [template, title, guests.map(({ id }) => id), guests.length, listings, perListing],
  );
  return rows.map(({ id, guest, listing, slot }) => {
    const found = byId.get(guest);
    if (!found) throw new Error(`the guest ${guest} is missing`);
    return { quoteId: id, guest: found, listing, slot };
  });
}

/** Creates the database of the floor as a copy, so that both start with equal data. */
export async function createFloorDatabase(environment: BenchEnvironment): Promise<void> {
  await environment.sql(DATABASE, 'VACUUM ANALYZE');
  await environment.sql('postgres', `CREATE DATABASE roost_floor TEMPLATE ${DATABASE}`);
}

/** The number of rows that the bookings of "low" have written. App and floor must have written the same number. */
export async function countWrittenRows(
  environment: BenchEnvironment,
  database: string,
): Promise<Record<string, string>> {
  const [counts = {}] = await environment.sql<Record<string, string>>(
    database,
    `WITH low AS MATERIALIZED (
       SELECT b.id, b.owner_id FROM booking b JOIN listing_snapshot s USING (listing_id) WHERE s.title = 'low')
     SELECT (SELECT count(*) FROM low) AS bookings,
       (SELECT count(*) FROM calendar_entry e JOIN low USING (owner_id) WHERE e.live) AS nights,
       (SELECT count(*) FROM booking_history h JOIN low ON low.id = h.booking_id) AS history,
       (SELECT count(*) FROM outbox_event o JOIN low ON low.id::text = o.key) AS events`,
  );
  return counts;
}
