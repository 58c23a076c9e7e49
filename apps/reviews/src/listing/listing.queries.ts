import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import type { EventBody, EventType } from '@roost/contracts';
import { mirror } from '@roost/messaging';

export type ListingEvent = Extract<EventType, `listing.${string}`>;

/** Stores host and status of a listing unless this version or a newer one is stored already. */
export async function mirrorListing(
  em: EntityManager,
  { listingId, hostId, status }: EventBody<ListingEvent>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'listing',
    key: { listing_id: listingId },
    version,
    values: { host_id: hostId, status },
  });
}

/** A condition for statements: the listing `l`, or its host, is suspended. */
export const listingIsSuspended = () =>
  sql`(l.status = 'suspended' OR NOT ${accountIsActive(sql.ref('l.host_id'))})`;

/** The suspended listings among these ids, and those of hosts among these ids. Unknown listings are not suspended. */
export async function suspendedListings(em: EntityManager, ids: readonly string[]): Promise<string[]> {
  const wanted = sql`ARRAY[${[...new Set(ids)]}]::uuid[]`;
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT l.listing_id AS id FROM listing l
     WHERE (l.listing_id = ANY(${wanted}) OR l.host_id = ANY(${wanted}))
       AND ${listingIsSuspended()}`);
  return rows.map(({ id }) => id);
}
