import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import type { CreateWishlist, WishlistView } from './wishlist.dto.js';

const MOST_WISHLISTS = 100;
const MOST_LISTINGS = 500;

const Position = z.strictObject({ id: Uuid });

interface WishlistRow {
  id: string;
  name: string;
  listing_ids: string[];
  created_at: Date | string;
}

@Injectable()
export class WishlistService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  create(user: AuthUser, { name }: CreateWishlist): Promise<WishlistView> {
    return this.idempotency.answer(async (em) => {
      const [row] = await em.execute<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM wishlist WHERE user_id = ?`,
        [user.id],
      );
      if (row !== undefined && row.count >= MOST_WISHLISTS) {
        throw new Problem('wishlist.limit_reached', `A user has at most ${MOST_WISHLISTS} wishlists`);
      }
      const wishlist = { id: uuidv7(), name, listingIds: [], createdAt: this.clock.now().toISOString() };
      await em.execute(`INSERT INTO wishlist (id, user_id, name, created_at) VALUES (?, ?, ?, ?)`, [
        wishlist.id,
        user.id,
        name,
        wishlist.createdAt,
      ]);
      return wishlist;
    });
  }

  /** Newest first, each with its listings in the order they were added. */
  async mine(
    user: AuthUser,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<WishlistView>> {
    const after = decodeCursor(cursor, Position);
    const rows = await this.em.fork().execute<WishlistRow[]>(
      `SELECT w.id, w.name, w.created_at,
              ARRAY(SELECT i.listing_id::text FROM wishlist_listing i
                     WHERE i.wishlist_id = w.id ORDER BY i.added_at, i.listing_id) AS listing_ids
         FROM wishlist w
        WHERE w.user_id = ? ${after === null ? '' : 'AND w.id < ?'}
        ORDER BY w.id DESC LIMIT ?`,
      [user.id, ...(after === null ? [] : [after.id]), limit + 1],
    );
    const { data, nextCursor } = page(rows, limit, ({ id }) => ({ id }));
    return {
      data: data.map((row) => ({
        id: row.id,
        name: row.name,
        listingIds: row.listing_ids,
        createdAt: new Date(row.created_at).toISOString(),
      })),
      nextCursor,
    };
  }

  /** Putting a listing in twice is putting it in once. */
  async put(user: AuthUser, id: string, listingId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      // Written, not only read: of two that put something in at once the later one is run again.
      const owned = await em.execute<{ id: string }[]>(
        `UPDATE wishlist SET name = name WHERE id = ? AND user_id = ? RETURNING id`,
        [id, user.id],
      );
      if (owned.length === 0) throw new Problem('wishlist.not_found');
      const found = await em.execute<{ id: string }[]>(
        `SELECT id FROM listing WHERE id = ? AND (status = 'published' OR host_id = ?)`,
        [listingId, user.id],
      );
      if (found.length === 0) throw new Problem('listing.not_found');
      const [row] = await em.execute<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM wishlist_listing WHERE wishlist_id = ? AND listing_id <> ?`,
        [id, listingId],
      );
      if (row !== undefined && row.count >= MOST_LISTINGS) {
        throw new Problem('wishlist.limit_reached', `A wishlist has at most ${MOST_LISTINGS} listings`);
      }
      await em.execute(
        `INSERT INTO wishlist_listing (wishlist_id, listing_id, added_at) VALUES (?, ?, ?)
         ON CONFLICT DO NOTHING`,
        [id, listingId, this.clock.now().toISOString()],
      );
    });
  }

  /** Taking out what is not in it is no error. */
  async remove(user: AuthUser, id: string, listingId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const owned = await em.execute<{ id: string }[]>(
        `SELECT id FROM wishlist WHERE id = ? AND user_id = ?`,
        [id, user.id],
      );
      if (owned.length === 0) throw new Problem('wishlist.not_found');
      await em.execute(`DELETE FROM wishlist_listing WHERE wishlist_id = ? AND listing_id = ?`, [
        id,
        listingId,
      ]);
    });
  }
}
