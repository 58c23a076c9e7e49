import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Deletes the row of a listing, with its changes. The host can have it in their own wishlists. */
export async function deleteListing(em: EntityManager, id: string): Promise<void> {
  await em.execute(sql`DELETE FROM wishlist_listing WHERE listing_id = ${id}`);
  await em.execute(sql`DELETE FROM listing WHERE id = ${id}`);
}
