import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type AuthUser, decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import { ListingReaderService, type PageRequest } from '../listing/listing-reader.service.js';
import { WishlistSharingService } from './wishlist-sharing.service.js';
import type { WishlistItem } from './wishlist.dto.js';
import { findAddedListings, hasWishlist } from './wishlist.queries.js';

const Cursor = z.tuple([Instant, Uuid]);

/** Pages of the listings of a wishlist, in the order in which they were added. */
@Injectable()
export class WishlistItemsService {
  constructor(
    private readonly em: EntityManager,
    private readonly reader: ListingReaderService,
    private readonly sharing: WishlistSharingService,
  ) {}

  async listOwn(user: AuthUser, id: string, request: PageRequest): Promise<PageOf<WishlistItem>> {
    if (!(await hasWishlist(this.em.fork(), id, user.id))) throw new Problem('wishlist.not_found');
    return this.list(id, user, request);
  }

  /** Without the listings that are not public: a draft of the owner would show whose wishlist it is. */
  async listShared(token: string, request: PageRequest): Promise<PageOf<WishlistItem>> {
    const { id } = await this.sharing.find(token);
    const items = await this.list(id, null, request);
    return { ...items, data: items.data.filter(({ listing }) => listing !== null) };
  }

  private async list(
    id: string,
    viewer: AuthUser | null,
    { limit, cursor }: PageRequest,
  ): Promise<PageOf<WishlistItem>> {
    const after = decodeCursor(cursor, Cursor);
    const rows = await findAddedListings(this.em.fork(), id, { after, limit: limit + 1 });
    const found = page(rows, limit, ({ addedAt, listingId }) => [addedAt.toISOString(), listingId]);
    const ids = found.data.map(({ listingId }) => listingId);
    const visible = await this.reader.findVisible(ids, viewer);
    const byId = new Map(visible.map((listing) => [listing.id, listing]));
    const data = found.data.map(({ listingId, addedAt }) => ({
      listingId,
      addedAt: addedAt.toISOString(),
      listing: byId.get(listingId) ?? null,
    }));
    return { ...found, data };
  }
}
