import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { maskContacts } from '@roost/contacts';
import { Transactions } from '@roost/messaging';
import { type AuthUser, encryptStoredResponse } from '@roost/http';
import { CONFIG, type Config, hashToken, Problem, randomToken } from '@roost/platform';
import type { ListingsConfig } from '../config.js';
import type { SharedWishlist, ShareUrl } from './wishlist.dto.js';
import {
  countPublicListings,
  findSharedWishlist,
  storeShareToken,
  type WishlistRow,
} from './wishlist.queries.js';

/** Wishlists under a secret URL. Only the hash of its token is stored. */
@Injectable()
export class WishlistSharingService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** Creates a new URL and revokes the previous one. */
  async createUrl(user: AuthUser, id: string): Promise<ShareUrl> {
    encryptStoredResponse();
    const token = randomToken();
    await this.storeToken(user, id, hashToken(token));
    return { url: `${this.config.PUBLIC_URL}/v1/shared-wishlists/${token}` };
  }

  /** Idempotent: a wishlist without a URL stays as it is. */
  revokeUrl(user: AuthUser, id: string): Promise<void> {
    return this.storeToken(user, id, null);
  }

  async read(token: string): Promise<SharedWishlist> {
    const { id, name, createdAt } = await this.find(token);
    return {
      name: maskContacts(name).text,
      listingCount: await countPublicListings(this.em.fork(), id),
      createdAt: createdAt.toISOString(),
    };
  }

  /** Throws 404 `wishlist.not_found` for an unknown or revoked token. */
  async find(token: string): Promise<WishlistRow> {
    const wishlist = await findSharedWishlist(this.em.fork(), hashToken(token));
    if (wishlist === null) throw new Problem('wishlist.not_found');
    return wishlist;
  }

  private async storeToken(user: AuthUser, id: string, tokenHash: Buffer | null): Promise<void> {
    await this.transactions.run(async (em) => {
      if (!(await storeShareToken(em, { id, userId: user.id, tokenHash })))
        throw new Problem('wishlist.not_found');
    });
  }
}
