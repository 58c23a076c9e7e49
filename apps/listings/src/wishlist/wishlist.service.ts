import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import type { CreateWishlist, WishlistView } from './wishlist.dto.js';
import {
  addListing,
  countOtherListings,
  countWishlists,
  findWishlists,
  hasWishlist,
  insertWishlist,
  isAddable,
  removeListing,
  touchWishlist,
  type WishlistRow,
} from './wishlist.queries.js';

const MAX_WISHLISTS = 100;
const MAX_LISTINGS = 500;

const Position = z.strictObject({ id: Uuid });

@Injectable()
export class WishlistService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  create(user: AuthUser, { name }: CreateWishlist): Promise<WishlistView> {
    return this.idempotency.runOnce(async (em) => {
      if ((await countWishlists(em, user.id)) >= MAX_WISHLISTS) {
        throw new Problem('wishlist.limit_reached', `A user can have at most ${MAX_WISHLISTS} wishlists`);
      }
      const wishlist = { id: uuidv7(), name, createdAt: this.clock.now() };
      await insertWishlist(em, { ...wishlist, userId: user.id });
      return toWishlistView({ ...wishlist, listingIds: [] });
    });
  }

  /** Newest first, each with its listings in the order in which they were added. */
  async listOwn(
    user: AuthUser,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<WishlistView>> {
    const afterId = decodeCursor(cursor, Position)?.id ?? null;
    const rows = await findWishlists(this.em.fork(), user.id, { afterId, limit: limit + 1 });
    const { data, nextCursor } = page(rows, limit, ({ id }) => ({ id }));
    return { data: data.map(toWishlistView), nextCursor };
  }

  /** Idempotent: adding a listing that the wishlist contains already changes nothing. */
  async put(user: AuthUser, id: string, listingId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      if (!(await touchWishlist(em, id, user.id))) throw new Problem('wishlist.not_found');
      if (!(await isAddable(em, listingId, user.id))) throw new Problem('listing.not_found');
      if ((await countOtherListings(em, id, listingId)) >= MAX_LISTINGS) {
        throw new Problem('wishlist.limit_reached', `A wishlist can have at most ${MAX_LISTINGS} listings`);
      }
      await addListing(em, { id, listingId, addedAt: this.clock.now() });
    });
  }

  /** Idempotent: removing a listing that the wishlist does not contain is not an error. */
  async remove(user: AuthUser, id: string, listingId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      if (!(await hasWishlist(em, id, user.id))) throw new Problem('wishlist.not_found');
      await removeListing(em, id, listingId);
    });
  }
}

const toWishlistView = ({ createdAt, ...wishlist }: WishlistRow): WishlistView => ({
  ...wishlist,
  createdAt: createdAt.toISOString(),
});
