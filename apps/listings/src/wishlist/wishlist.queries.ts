import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';

const WISHLISTS_LOCK = 1;

export interface WishlistRow {
  id: string;
  name: string;
  listingIds: string[];
  shared: boolean;
  createdAt: Date;
}

export async function countWishlists(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(
    sql`SELECT count(*)::int AS count FROM wishlist WHERE user_id = ${userId}`,
  );
  return row.count;
}

export async function insertWishlist(
  em: EntityManager,
  { id, userId, name, createdAt }: { id: string; userId: string; name: string; createdAt: Date },
): Promise<void> {
  await em.execute(sql`
    INSERT INTO wishlist (id, user_id, name, created_at) VALUES (${id}, ${userId}, ${name}, ${createdAt})`);
}

/** Allows one new wishlist of a user at a time. Taken before the first read of the count. */
export async function lockWishlistsOf(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${WISHLISTS_LOCK}::int, hashtext(${userId}))`);
}

/** The columns of a wishlist `w`, with its listings in the order in which they were added. */
const WISHLIST = sql`w.id, w.name, w.created_at AS "createdAt", w.share_token_hash IS NOT NULL AS shared,
  ARRAY(SELECT i.listing_id::text FROM wishlist_listing i
         WHERE i.wishlist_id = w.id ORDER BY i.added_at, i.listing_id) AS "listingIds"`;

/** The wishlists of a user, newest first. */
export function findWishlists(
  em: EntityManager,
  userId: string,
  { afterId, limit }: { afterId: string | null; limit: number },
): Promise<WishlistRow[]> {
  const after = afterId === null ? sql`true` : sql`w.id < ${afterId}`;
  return em.execute<WishlistRow[]>(sql`
    SELECT ${WISHLIST} FROM wishlist w WHERE w.user_id = ${userId} AND ${after} ORDER BY w.id DESC LIMIT ${limit}`);
}

export async function findWishlist(
  em: EntityManager,
  id: string,
  userId: string,
): Promise<WishlistRow | null> {
  const [row] = await em.execute<WishlistRow[]>(
    sql`SELECT ${WISHLIST} FROM wishlist w WHERE w.id = ${id} AND w.user_id = ${userId}`,
  );
  return row ?? null;
}

/** The wishlist with this share token, unless its owner is suspended or erased. */
export async function findSharedWishlist(em: EntityManager, tokenHash: Buffer): Promise<WishlistRow | null> {
  const [row] = await em.execute<WishlistRow[]>(sql`
    SELECT ${WISHLIST} FROM wishlist w
     WHERE w.share_token_hash = ${tokenHash} AND ${accountIsActive(sql.ref('w.user_id'))}`);
  return row ?? null;
}

export interface AddedListing {
  listingId: string;
  addedAt: Date;
}

/** The listings of a wishlist in the order in which they were added. */
export function findAddedListings(
  em: EntityManager,
  id: string,
  { after, limit }: { after: readonly [addedAt: string, listingId: string] | null; limit: number },
): Promise<AddedListing[]> {
  const isAfter =
    after === null
      ? sql`true`
      : sql`(i.added_at, i.listing_id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`;
  return em.execute<AddedListing[]>(sql`
    SELECT i.listing_id AS "listingId", i.added_at AS "addedAt" FROM wishlist_listing i
     WHERE i.wishlist_id = ${id} AND ${isAfter} ORDER BY i.added_at, i.listing_id LIMIT ${limit}`);
}

export async function renameWishlist(em: EntityManager, id: string, name: string): Promise<void> {
  await em.execute(sql`UPDATE wishlist SET name = ${name} WHERE id = ${id}`);
}

/** Replaces the share token; null revokes it. Returns false if the user has no such wishlist. */
export async function storeShareToken(
  em: EntityManager,
  { id, userId, tokenHash }: { id: string; userId: string; tokenHash: Buffer | null },
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE wishlist SET share_token_hash = ${tokenHash} WHERE id = ${id} AND user_id = ${userId} RETURNING id`);
  return rows.length > 0;
}

/** Returns false if the user has no such wishlist. */
export async function deleteWishlist(em: EntityManager, id: string, userId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(
    sql`DELETE FROM wishlist WHERE id = ${id} AND user_id = ${userId} RETURNING id`,
  );
  return rows.length > 0;
}

/**
 * Writes the row of the user's wishlist without a change: of two concurrent transactions the later one is retried.
 * Returns false if the user has no such wishlist.
 */
export async function touchWishlist(em: EntityManager, id: string, userId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(
    sql`UPDATE wishlist SET name = name WHERE id = ${id} AND user_id = ${userId} RETURNING id`,
  );
  return rows.length > 0;
}

export async function hasWishlist(em: EntityManager, id: string, userId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(
    sql`SELECT id FROM wishlist WHERE id = ${id} AND user_id = ${userId}`,
  );
  return rows.length > 0;
}

/** Whether the user can add this listing: it is public, or it is their own. */
export async function isAddable(em: EntityManager, listingId: string, userId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    SELECT id FROM listing WHERE id = ${listingId} AND (host_id = ${userId}
      OR (status = 'published' AND ${accountIsActive(sql.ref('host_id'))}))`);
  return rows.length > 0;
}

/** The number of listings in a wishlist, without this one. */
export async function countOtherListings(em: EntityManager, id: string, listingId: string): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(sql`
    SELECT count(*)::int AS count FROM wishlist_listing
     WHERE wishlist_id = ${id} AND listing_id <> ${listingId}`);
  return row.count;
}

/** The number of listings in a wishlist that everyone can read. */
export async function countPublicListings(em: EntityManager, id: string): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(sql`
    SELECT count(*)::int AS count FROM wishlist_listing i JOIN listing l ON l.id = i.listing_id
     WHERE i.wishlist_id = ${id} AND l.status = 'published' AND ${accountIsActive(sql.ref('l.host_id'))}`);
  return row.count;
}

/** Does nothing if the wishlist contains the listing already. */
export async function addListing(
  em: EntityManager,
  { id, listingId, addedAt }: { id: string; listingId: string; addedAt: Date },
): Promise<void> {
  await em.execute(sql`
    INSERT INTO wishlist_listing (wishlist_id, listing_id, added_at)
    VALUES (${id}, ${listingId}, ${addedAt}) ON CONFLICT DO NOTHING`);
}

export async function removeListing(em: EntityManager, id: string, listingId: string): Promise<void> {
  await em.execute(sql`DELETE FROM wishlist_listing WHERE wishlist_id = ${id} AND listing_id = ${listingId}`);
}

export async function deleteWishlists(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`DELETE FROM wishlist WHERE user_id = ${userId}`);
}
