import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { PageCache } from './page-cache.js';
import { searchRowsOf, searchRowsOfHost } from './page-invalidation.queries.js';

export const listingTag = (id: string) => `listing:${id}`;
/** A hash: the name of a city is what a host wrote. */
export const cityTag = (cityKey: string) =>
  `city:${createHash('sha256').update(cityKey).digest('base64url').slice(0, 16)}`;

/** Invalidates the pages that a transaction changes. Call inside `Transactions.run`, before the search rows are written. */
@Injectable()
export class PageInvalidation {
  constructor(
    private readonly cache: PageCache,
    private readonly transactions: Transactions,
  ) {}

  /** The pages of these listings, and of the cities in which they are and will be (`cityKey`). */
  async invalidateListings(
    em: EntityManager,
    ids: readonly string[],
    newCities: readonly string[] = [],
  ): Promise<void> {
    const rows = await searchRowsOf(em, ids);
    await this.#open(ids, [...newCities, ...rows.map(({ city }) => city)]);
  }

  /** The pages of all published listings of a host. */
  async invalidateHost(em: EntityManager, hostId: string): Promise<void> {
    const rows = await searchRowsOfHost(em, hostId);
    await this.#open(
      rows.map(({ id }) => id),
      rows.map(({ city }) => city),
    );
  }

  async #open(ids: readonly string[], cities: readonly string[]): Promise<void> {
    const tags = [...new Set([...ids.map(listingTag), ...cities.map(cityTag)])];
    if (tags.length === 0) return;
    const change = await this.cache.open(tags);
    this.transactions.afterCommit(() => void this.cache.close(change));
  }
}
