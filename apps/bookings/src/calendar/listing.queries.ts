import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Adds a listing to the calendar, with a space of its own, unless it has been added before. */
export async function addListing(em: EntityManager, listingId: string): Promise<void> {
  await em.execute(sql`
    WITH added AS (INSERT INTO calendar_listing (public_id) VALUES (${listingId}) ON CONFLICT DO NOTHING RETURNING id)
    INSERT INTO listing_space (listing_id, space_id) SELECT id, id FROM added`);
}

/** Marks only this listing as changed, not the listings that share a space with it. */
export async function markListingDirty(em: EntityManager, listingId: string): Promise<void> {
  await em.execute(sql`
    INSERT INTO calendar_mark (listing_id) SELECT id FROM calendar_listing WHERE public_id = ${listingId}`);
}
