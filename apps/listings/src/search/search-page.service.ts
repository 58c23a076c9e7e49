import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import { PageCache } from '../cache/page-cache.js';
import { cityTag } from '../cache/page-invalidation.js';
import { cityKey } from '../search-index/domain/search-row.js';
import type { SearchPage, SearchQuery } from './search.dto.js';
import { SearchService } from './search.service.js';

const MAX_AGE_MS = 30_000;
const MINUTE_MS = 60_000;

/** Search pages. The first pages of searches in a city are cached; they are equal for all callers. */
@Injectable()
export class SearchPageService {
  constructor(
    private readonly searchService: SearchService,
    private readonly cache: PageCache,
    private readonly clock: Clock,
  ) {}

  async read(query: SearchQuery): Promise<SearchPage> {
    const page = await this.find(query);
    this.searchService.count(query, page.data.length);
    return page;
  }

  private find(query: SearchQuery): Promise<SearchPage> {
    const { city, cursor, q, ids } = query;
    const load = () => this.load(query);
    if (city === undefined || [cursor, q, ids].some((value) => value !== undefined)) return load();
    const page = {
      ...{ kind: 'search' as const, key: this.key(query), maxAgeMs: MAX_AGE_MS },
      tags: [cityTag(cityKey(city))],
    };
    return this.cache.read(page, load);
  }

  private async load(query: SearchQuery): Promise<SearchPage> {
    const [page, facets] = await Promise.all([
      this.searchService.search(query),
      query.facets === true ? this.searchService.facets(query) : null,
    ]);
    return { data: page.data, nextCursor: page.nextCursor, facets };
  }

  /** Equal for equal searches. With dates, prices and stay rules depend on the time. */
  private key(query: SearchQuery): string {
    const { city = '', amenities, checkIn } = query;
    const canonical = { ...query, city: cityKey(city), amenities: amenities?.toSorted() };
    const minute = checkIn === undefined ? null : Math.floor(this.clock.now().getTime() / MINUTE_MS);
    const inputs = Object.entries(canonical)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash('sha256')
      .update(JSON.stringify([inputs, minute]))
      .digest('base64url');
  }
}
