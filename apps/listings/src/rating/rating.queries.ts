import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';

/**
 * Stores the rating of a listing unless this version or a newer one is stored already, and copies it to the search
 * row if there is one. Unpublished listings have a rating, too.
 */
export async function mirrorRating(
  em: EntityManager,
  { listingId, count, overallSum }: EventBody<'rating.changed'>,
  version: number,
): Promise<void> {
  const isNewer = await mirror(em, {
    table: 'listing_rating',
    key: { listing_id: listingId },
    version,
    values: { rating_count: count, rating_sum: overallSum },
  });
  if (!isNewer) return;
  await em.execute(sql`
    UPDATE listing_search SET rating_count = ${count}, rating_sum = ${overallSum} WHERE listing_id = ${listingId}`);
}
