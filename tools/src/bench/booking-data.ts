import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import { addDays, localDate } from '@roost/stay';
import type { Service, Stage } from './harness/stage.js';

const DATABASE = 'roost_bookings';
const LOW_LISTINGS = 500;
const TIME_ZONE = 'America/New_York';
const NIGHTS = 3;

type Guest = ReturnType<Stage['signedIn']>;

export interface BenchQuote {
  quoteId: string;
  guest: Guest;
}

export interface Quotes {
  /** Each for nights of its own. */
  low: BenchQuote[];
  /** Per turn one listing, whose nights all of them want. */
  hot: BenchQuote[][];
}

/** What `listing.published` would leave in bookings: no other service runs beside it here. */
export async function fillListings(stage: Stage): Promise<void> {
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
        exemptUnderAge: null,
      },
    ],
  });
  await stage.sql(
    DATABASE,
    `WITH added AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, time_zone, check_in_from,
         check_out_until, currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       SELECT gen_random_uuid(), 1, gen_random_uuid(), 'published', 'low', $1, '15:00', '11:00', 'USD', 'instant',
         4, 0, $2, $3, 'moderate' FROM generate_series(1, $4) RETURNING listing_id)
     INSERT INTO calendar_listing (public_id) SELECT listing_id FROM added`,
    [TIME_ZONE, JSON.stringify(pricing), JSON.stringify(DEFAULT_STAY_RULES), LOW_LISTINGS],
  );
  await stage.sql(DATABASE, 'INSERT INTO listing_space SELECT id, id FROM calendar_listing');
}

/** One quote made by the app, and as many like it as are wanted: other listings, nights and guests. */
export async function fillQuotes(
  stage: Stage,
  bookings: Service,
  guests: readonly Guest[],
  wanted: { low: number; hot: number; hotRequests: number },
): Promise<Quotes> {
  const template = await firstQuote(stage, bookings, guests);
  await stage.sql(
    DATABASE,
    `WITH added AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, time_zone, check_in_from,
         check_out_until, currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy)
       SELECT gen_random_uuid(), version, gen_random_uuid(), status, 'hot', time_zone, check_in_from, check_out_until,
         currency, booking_mode, capacity, max_pets, pricing, stay_rules, cancellation_policy
       FROM generate_series(1, $1), LATERAL (SELECT * FROM listing_snapshot WHERE title = 'low' LIMIT 1) one
       RETURNING listing_id),
     numbered AS (INSERT INTO calendar_listing (public_id) SELECT listing_id FROM added RETURNING id)
     INSERT INTO listing_space SELECT id, id FROM numbered`,
    [wanted.hot],
  );
  const low = await clone(stage, template, guests, {
    title: 'low',
    listings: LOW_LISTINGS,
    perListing: Math.ceil(wanted.low / LOW_LISTINGS) + 1,
    // Side by side, and never the night that the template has.
    first: 'slot * 3 + 10',
  });
  const hot = await clone(stage, template, guests, {
    title: 'hot',
    listings: wanted.hot,
    perListing: wanted.hotRequests,
    first: 'slot * 7 % 60',
  });
  const byListing = Map.groupBy(hot, ({ listing }) => listing);
  // So that neighbours in time are not neighbours in a listing.
  return { low: low.toSorted((a, b) => a.slot - b.slot), hot: [...byListing.values()] };
}

async function firstQuote(stage: Stage, bookings: Service, guests: readonly Guest[]): Promise<string> {
  const [listing] = await stage.sql<{ id: string }>(
    DATABASE,
    'SELECT public_id AS id FROM calendar_listing LIMIT 1',
  );
  const checkInDate = addDays(localDate(new Date(), TIME_ZONE), 30);
  const answer = await fetch(`${bookings.url}/v1/quotes`, {
    method: 'POST',
    headers: { ...guests[0]?.headers, 'content-type': 'application/json' },
    body: JSON.stringify({
      listingId: listing?.id,
      checkInDate,
      checkOutDate: addDays(checkInDate, NIGHTS),
      guests: { adults: 2, children: [], infants: 0, pets: 0 },
    }),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`The first quote: ${answer.status} ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

async function clone(
  stage: Stage,
  template: string,
  guests: readonly Guest[],
  {
    title,
    listings,
    perListing,
    first,
  }: { title: string; listings: number; perListing: number; first: string },
): Promise<(BenchQuote & { listing: string; slot: number })[]> {
  const byId = new Map(guests.map((guest) => [guest.id, guest]));
  const rows = await stage.sql<{ id: string; guest: string; listing: string; slot: number }>(
    DATABASE,
    `WITH wanted AS MATERIALIZED (
       SELECT uuidv7() AS id, l.listing_id, c.id AS number, l.host_id, slot, ${first} AS days,
         ($3::uuid[])[1 + (slot + c.id) % $4] AS guest_id
       FROM (SELECT * FROM listing_snapshot WHERE title = $2 LIMIT $5) l
       JOIN calendar_listing c ON c.public_id = l.listing_id CROSS JOIN generate_series(1, $6::int) slot),
     added AS (
       INSERT INTO quote (id, expires_at, listing_id, calendar_listing_id, host_id, guest_id, booking_mode,
         cancellation_policy, time_zone, check_in_from, check_out_until, check_in_date, check_out_date, check_in_at,
         check_out_at, preparation_nights, guests, currency, price, total_minor, host_payout_minor, refund_schedule,
         created_at)
       SELECT w.id, now() + interval '1 day', w.listing_id, w.number, w.host_id, w.guest_id, q.booking_mode,
         q.cancellation_policy, q.time_zone, q.check_in_from, q.check_out_until, q.check_in_date + days,
         q.check_out_date + days, q.check_in_at + days * interval '1 day', q.check_out_at + days * interval '1 day',
         q.preparation_nights, q.guests, q.currency, q.price, q.total_minor, q.host_payout_minor, q.refund_schedule,
         q.created_at
       FROM wanted w CROSS JOIN quote q WHERE q.id = $1)
     SELECT id, guest_id AS guest, listing_id AS listing, slot FROM wanted ORDER BY id`,
    [template, title, guests.map(({ id }) => id), guests.length, listings, perListing],
  );
  return rows.map(({ id, guest, listing, slot }) => {
    const found = byId.get(guest);
    if (!found) throw new Error(`nobody is ${guest}`);
    return { quoteId: id, guest: found, listing, slot };
  });
}

/** The floor's database: a copy, so that both begin with the same. */
export async function clonedFloor(stage: Stage): Promise<void> {
  await stage.sql(DATABASE, 'VACUUM ANALYZE');
  await stage.sql('postgres', `CREATE DATABASE roost_floor TEMPLATE ${DATABASE}`);
}

/** What booking the quotes of "low" has left; equal where equal work was done. */
export async function written(stage: Stage, database: string): Promise<Record<string, string>> {
  const [counts = {}] = await stage.sql<Record<string, string>>(
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
