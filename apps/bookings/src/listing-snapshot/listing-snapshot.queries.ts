import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';
import type { PriceRules, StayRules } from '@roost/pricing';

/** The listing as its latest event describes it. A draft may lack what publishing requires, hence the nulls. */
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

/** The listings that exist among these, in no order. */
export const findListings = (em: EntityManager, listingIds: readonly string[]): Promise<ListingSnapshot[]> =>
  select(em, sql`s.listing_id = ANY(ARRAY[${listingIds}]::uuid[])`);

export const findListingsOfHost = (
  em: EntityManager,
  listingIds: readonly string[],
  hostId: string,
): Promise<ListingSnapshot[]> =>
  select(em, sql`s.listing_id = ANY(ARRAY[${listingIds}]::uuid[]) AND s.host_id = ${hostId}`);

/** The listings of a host with everything that a calendar needs, except archived ones, in the order of their ids. */
export const listCalendarsOfHost = (
  em: EntityManager,
  hostId: string,
  after: string | null,
  limit: number,
): Promise<ListingSnapshot[]> =>
  select(
    em,
    sql`s.host_id = ${hostId} AND s.listing_id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      AND s.status <> 'archived' AND s.pricing IS NOT NULL AND s.currency IS NOT NULL AND s.time_zone IS NOT NULL`,
    sql`ORDER BY s.listing_id LIMIT ${limit}`,
  );

/** The driver returns bigint as text; the ids are far below 2^53. */
async function select(
  em: EntityManager,
  condition: RawQueryFragment,
  order: RawQueryFragment = sql``,
): Promise<ListingSnapshot[]> {
  const rows = await em.execute<ListingSnapshot[]>(sql`
    SELECT l.id AS "calendarListingId", s.listing_id AS "listingId", s.host_id AS "hostId",
      CASE WHEN ${accountIsActive(sql`s.host_id`)} THEN s.status ELSE 'suspended' END AS status,
      s.time_zone AS "timeZone", s.check_in_from AS "checkInFrom", s.check_out_until AS "checkOutUntil", s.currency,
      s.booking_mode AS "bookingMode", s.capacity, s.max_pets AS "maxPets", s.pricing, s.stay_rules AS "stayRules",
      s.cancellation_policy AS "cancellationPolicy"
    FROM listing_snapshot s JOIN calendar_listing l ON l.public_id = s.listing_id WHERE ${condition} ${order}`);
  return rows.map((row) => ({ ...row, calendarListingId: Number(row.calendarListingId) }));
}

/** Stores the listing unless a newer version is stored. `changedPreparation`: it needs other preparation nights now. */
export async function storeListingSnapshot(
  em: EntityManager,
  body: EventBody<'listing.changed'>,
  version: number,
): Promise<{ changedPreparation: boolean }> {
  const [before] = await em.execute<{ nights: string | null }[]>(sql`
    SELECT stay_rules ->> 'preparationNights' AS nights FROM listing_snapshot
    WHERE listing_id = ${body.listingId} FOR UPDATE`);
  const written = await mirror(em, {
    table: 'listing_snapshot',
    key: { listing_id: body.listingId },
    version,
    values: {
      host_id: body.hostId,
      status: body.status,
      title: body.title,
      country_code: body.countryCode,
      time_zone: body.timeZone,
      check_in_from: body.checkInFrom,
      check_out_until: body.checkOutUntil,
      currency: body.currency,
      booking_mode: body.bookingMode,
      capacity: body.capacity,
      max_pets: body.maxPets,
      pricing: body.pricing && JSON.stringify(body.pricing),
      stay_rules: JSON.stringify(body.stayRules),
      cancellation_policy: body.cancellationPolicy,
    },
  });
  const changedPreparation = Boolean(before) && Number(before?.nights) !== body.stayRules.preparationNights;
  return { changedPreparation: written && changedPreparation };
}
