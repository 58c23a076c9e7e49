import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { CONFIG, type Config } from '@roost/platform';
import { PageInvalidation } from '../cache/page-invalidation.js';
import type { ListingsConfig } from '../config.js';
import { cityKey } from '../search-index/domain/search-row.js';
import { updateSearchIndex } from '../search-index/search-index.queries.js';
import { changedFields, insertListingChanges } from './listing-change.queries.js';
import type { Listing } from './listing.entity.js';
import { type ListingEvent, toListingEvent } from './listing.events.js';

@Injectable()
export class ListingStore {
  constructor(
    private readonly outbox: Outbox,
    private readonly pages: PageInvalidation,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /**
   * Stores the listing, its search row, the change and the event. The row is flushed first: the event needs its version, and the
   * update assigns the transaction id.
   */
  async store(em: EntityManager, listing: Listing, type: ListingEvent): Promise<void> {
    const fields = changedFields(em).get(listing) ?? [];
    await em.flush();
    await this.index(em, [listing]);
    await insertListingChanges(em, type, [[listing, fields]]);
    await this.outbox.add(em, type, toListingEvent(listing, this.config.PUBLIC_URL), {
      version: listing.version,
    });
  }

  /** Writes the search rows of flushed listings, and invalidates the pages that show these listings. */
  async index(em: EntityManager, listings: readonly Listing[]): Promise<void> {
    const cities = listings.flatMap(({ address }) => (address === null ? [] : [cityKey(address.city)]));
    await this.pages.invalidateListings(
      em,
      listings.map(({ id }) => id),
      cities,
    );
    await updateSearchIndex(em, listings);
  }
}
