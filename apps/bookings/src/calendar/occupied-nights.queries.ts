import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { executePrepared } from '@roost/platform';
import { addDays, type IsoDate } from '@roost/stay';

export interface OccupiedNights {
  from: IsoDate;
  to: IsoDate;
  reason: 'booking' | 'hold' | 'preparation' | 'block' | 'import' | 'linked';
  bookingId: string | null;
  blockId: string | null;
}

/** Per listing all occupied nights between two dates, with the reason. A stay also occupies its preparation nights. */
export async function occupiedNights(
  em: EntityManager,
  calendarListingIds: readonly number[],
  from: IsoDate,
  to: IsoDate,
): Promise<Map<number, OccupiedNights[]>> {
  const viewed = sql`(SELECT id, ${from}::date, ${to}::date FROM unnest(${calendarListingIds}::bigint[]) AS own (id))`;
  const rows = await executePrepared<OccupiedNights & { listingId: number }>(
    em,
    'calendar-occupied',
    sql`${occupied(viewed)}
     SELECT viewed_id AS "listingId", to_char(lower(nights), 'YYYY-MM-DD') AS "from", to_char(upper(nights), 'YYYY-MM-DD') AS "to",
       CASE WHEN o.listing_id <> o.viewed_id THEN 'linked'
            WHEN o.kind = 'prep' THEN 'preparation'
            WHEN o.kind <> 'stay' THEN o.kind
            WHEN b.state IN ('pending_payment', 'awaiting_host', 'awaiting_capture') OR o.change_id IS NOT NULL THEN 'hold'
            ELSE 'booking' END AS reason,
       CASE WHEN o.listing_id = o.viewed_id THEN b.id END AS "bookingId",
       CASE WHEN o.listing_id = o.viewed_id THEN k.id END AS "blockId"
     FROM occupied o
     LEFT JOIN booking b ON b.owner_id = o.owner_id
     LEFT JOIN calendar_block k ON k.owner_id = o.owner_id
     ORDER BY (o.kind = 'prep'), (o.change_id IS NOT NULL), lower(nights)`,
  );
  const nights = new Map(calendarListingIds.map((id) => [id, [] as OccupiedNights[]]));
  for (const { listingId, ...range } of rows) nights.get(listingId)?.push(range);
  return nights;
}

export interface OwnedNights {
  ownerId: string;
  kind: 'stay' | 'prep' | 'block' | 'import';
  from: IsoDate;
  to: IsoDate;
}

/** A stay in progress keeps its first night: it is not cut at `today`. */
const MAX_PAST_DAYS = 1_000;

/**
 * The nights of each owner, uncut, that end after `today`. Nights from feeds are included only with `withFeeds`: two
 * calendars that export what they import from each other would keep a stay long after its cancellation.
 */
export async function nightsToExport(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
  withFeeds: boolean,
): Promise<OwnedNights[]> {
  const first = addDays(today, -MAX_PAST_DAYS);
  return await em.execute<OwnedNights[]>(sql`
    ${occupied(sql`(SELECT ${calendarListingId}::bigint, ${first}::date, NULL::date)`)}
    SELECT owned.owner_id AS "ownerId", kind, to_char(lower(r), 'YYYY-MM-DD') AS "from", to_char(upper(r), 'YYYY-MM-DD') AS "to"
    FROM (
      SELECT owner_id, kind, unnest(range_agg(nights)) AS r FROM occupied o
      WHERE ${withFeeds}::boolean OR o.kind <> 'import'
        OR NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = o.owner_id)
      GROUP BY owner_id, kind) owned
    WHERE upper(r) > ${today}::date ORDER BY lower(r), upper(r), owned.owner_id, kind`);
}

/**
 * The CTE `occupied`: the occupied nights of each viewed listing, cut to `[first, last)`. Each stay is widened by the
 * preparation nights that the viewed listing needs beside it. `viewed`: rows of (listing_id, first, last).
 */
export const occupied = (viewed: RawQueryFragment) => sql`
  WITH occupied AS (
    SELECT DISTINCT v.listing_id AS viewed_id, e.listing_id, e.owner_id, e.change_id, x.kind,
      x.nights * daterange(v.first, v.last) AS nights
    FROM ${viewed} AS v (listing_id, first, last)
    JOIN calendar_listing l ON l.id = v.listing_id
    LEFT JOIN listing_snapshot r ON r.listing_id = l.public_id
    JOIN listing_space s ON s.listing_id = v.listing_id
    JOIN calendar_entry e ON e.live AND e.space_id = s.space_id
    CROSS JOIN LATERAL (SELECT coalesce((r.stay_rules ->> 'preparationNights')::int, 0) AS prep) p
    CROSS JOIN LATERAL (
      SELECT e.kind, e.nights
      UNION ALL SELECT 'prep', daterange(lower(e.nights) - prep, lower(e.nights)) WHERE e.kind = 'stay' AND prep > 0
      UNION ALL SELECT 'prep', daterange(upper(e.nights), upper(e.nights) + prep) WHERE e.kind = 'stay' AND prep > 0
    ) x
    WHERE x.nights && daterange(v.first, v.last) AND e.nights && daterange(v.first - prep, v.last + prep)
  )`;
