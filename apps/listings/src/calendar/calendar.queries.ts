import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';

/** Stores the blocked nights of a listing unless this version or a newer one is stored already. */
export async function mirrorCalendar(
  em: EntityManager,
  { listingId, blocked }: EventBody<'calendar.changed'>,
  version: number,
): Promise<void> {
  const starts = blocked.map(({ from }) => from);
  const ends = blocked.map(({ to }) => to);
  const ranges = sql`(
    SELECT coalesce(range_agg(daterange(r.start_date, r.end_date)), '{}'::datemultirange)
      FROM unnest(ARRAY[${starts}]::date[], ARRAY[${ends}]::date[]) AS r (start_date, end_date))`;
  await mirror(em, {
    table: 'listing_calendar',
    key: { listing_id: listingId },
    version,
    values: { blocked: ranges },
  });
}
