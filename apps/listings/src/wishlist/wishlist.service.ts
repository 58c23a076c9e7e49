import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import {
  type AuthUser,
  decodeCursor,
  etagOf,
  Idempotency,
  page,
  type PageOf,
  requireMatch,
  Uuid,
  withEtag,
} from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import type { PageRequest } from '../listing/listing-reader.service.js';
import type { CreateWishlist, EditWishlist, WishlistView } from './wishlist.dto.js';
import {
  addListing,
  countOtherListings,
  countWishlists,
  deleteWishlist,
  findWishlist,
  findWishlists,
  insertWishlist,
  isAddable,
  lockWishlistsOf,
  removeListing,
  renameWishlist,
  touchWishlist,
  type WishlistRow,
} from './wishlist.queries.js';

const MAX_WISHLISTS = 100;
const MAX_LISTINGS = 500;

/** READ COMMITTED: the count after the lock has to include the wishlists that the lock waited for. */
const UNDER_LOCK = { isolation: 'read committed' } as const;

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
      await lockWishlistsOf(em, user.id);
      if ((await countWishlists(em, user.id)) >= MAX_WISHLISTS) {
        throw new Problem('wishlist.limit_reached', `A user can have at most ${MAX_WISHLISTS} wishlists`);
      }
      const wishlist = { id: uuidv7(), name, createdAt: this.clock.now() };
      await insertWishlist(em, { ...wishlist, userId: user.id });
      return toWishlistView({ ...wishlist, listingIds: [], shared: false });
    }, UNDER_LOCK);
  }

  /** Newest first, each with its listings in the order in which they were added. */
  async listOwn(user: AuthUser, { limit, cursor }: PageRequest): Promise<PageOf<WishlistView>> {
    const afterId = decodeCursor(cursor, Position)?.id ?? null;
    const rows = await findWishlists(this.em.fork(), user.id, { afterId, limit: limit + 1 });
    const found = page(rows, limit, ({ id }) => ({ id }));
    return { ...found, data: found.data.map(toWishlistView) };
  }

  async read(user: AuthUser, id: string): Promise<WishlistView> {
    return tagged(user, await findOwn(this.em.fork(), user, id));
  }

  edit(user: AuthUser, id: string, { name }: EditWishlist): Promise<WishlistView> {
    return this.transactions.run(async (em) => {
      const wishlist = await findOwn(em, user, id);
      requireMatch(etagOf(wishlist, user.id));
      if (name !== undefined) await renameWishlist(em, id, name);
      return tagged(user, { ...wishlist, name: name ?? wishlist.name });
    });
  }

  async delete(user: AuthUser, id: string): Promise<void> {
    await this.transactions.run(async (em) => {
      if (!(await deleteWishlist(em, id, user.id))) throw new Problem('wishlist.not_found');
    });
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
      if (!(await touchWishlist(em, id, user.id))) throw new Problem('wishlist.not_found');
      await removeListing(em, id, listingId);
    });
  }
}

async function findOwn(em: EntityManager, user: AuthUser, id: string): Promise<WishlistView> {
  const wishlist = await findWishlist(em, id, user.id);
  if (wishlist === null) throw new Problem('wishlist.not_found');
  return toWishlistView(wishlist);
}

const tagged = (user: AuthUser, wishlist: WishlistView): WishlistView =>
  withEtag(wishlist, etagOf(wishlist, user.id));

const toWishlistView = ({ id, name, listingIds, shared, createdAt }: WishlistRow): WishlistView => ({
  ...{ id, name, listingIds, shared },
  createdAt: createdAt.toISOString(),
});
