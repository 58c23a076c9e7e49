import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';

export interface ListingMirror {
  title: string;
  city: string | null;
}

export async function mirrorListing(
  em: EntityManager,
  { listingId, title, city }: EventBody<'listing.changed'>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'listing_name',
    key: { listing_id: listingId },
    version,
    values: { title, city },
  });
}

export async function findListingMirror(em: EntityManager, listingId: string): Promise<ListingMirror | null> {
  const [listing] = await em.execute<ListingMirror[]>(sql`
    SELECT title, city FROM listing_name WHERE listing_id = ${listingId}`);
  return listing ?? null;
}
