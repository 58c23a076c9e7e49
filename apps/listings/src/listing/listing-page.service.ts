import { Injectable } from '@nestjs/common';
import { type AuthUser, withEtag } from '@roost/http';
import { PageCache } from '../cache/page-cache.js';
import { listingTag } from '../cache/page-invalidation.js';
import type { ListingView } from './listing.dto.js';
import { ListingService } from './listing.service.js';

const MAX_AGE_MS = 60_000;

/** The page of a listing. Cached without an account: then it contains no exact address. */
@Injectable()
export class ListingPageService {
  constructor(
    private readonly listings: ListingService,
    private readonly cache: PageCache,
  ) {}

  async read(id: string, viewer: AuthUser | null): Promise<ListingView> {
    if (viewer !== null) return this.listings.read(id, viewer);
    const page = { kind: 'listing' as const, key: id, tags: [listingTag(id)], maxAgeMs: MAX_AGE_MS };
    const { view, etag } = await this.cache.read(page, () => this.listings.publicPage(id));
    return withEtag(view, etag);
  }
}
