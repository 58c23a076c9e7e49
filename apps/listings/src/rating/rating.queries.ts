import type { EntityManager } from '@mikro-orm/postgresql';

/** Kept whether or not the listing is in the search just now. */
export async function mirrorRating(
  em: EntityManager,
  rating: { listingId: string; version: number; count: number; sum: number },
): Promise<void> {
  const fresh = await em.execute<unknown[]>(
    `INSERT INTO listing_rating AS known (listing_id, version, rating_count, rating_sum) VALUES (?, ?, ?, ?)
     ON CONFLICT (listing_id) DO UPDATE
       SET version = excluded.version, rating_count = excluded.rating_count, rating_sum = excluded.rating_sum
     WHERE known.version < excluded.version RETURNING 1`,
    [rating.listingId, rating.version, rating.count, rating.sum],
  );
  if (fresh.length === 0) return;
  await em.execute(`UPDATE listing_search SET rating_count = ?, rating_sum = ? WHERE listing_id = ?`, [
    rating.count,
    rating.sum,
    rating.listingId,
  ]);
}
