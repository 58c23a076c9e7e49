import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { PriceCount } from './domain/price-histogram.js';
import { allOf, searchFilters } from './search-filters.queries.js';
import type { SearchQuery } from './search.dto.js';
import { areaOf, inCells } from './search.queries.js';

/** The number of hits that facets count. */
export const MAX_COUNTED = 10_000;

interface FacetCounts {
  /** At most `MAX_COUNTED` + 1. */
  hits: number;
  roomType: Record<string, number>;
  amenities: Record<string, number>;
  currency: string | null;
  prices: PriceCount[];
}

export async function countFacets(
  em: EntityManager,
  query: SearchQuery,
  nights: number | null,
): Promise<FacetCounts> {
  const [counts] = await em.execute<[FacetCounts]>(facetsStatement(query, nights));
  return counts;
}

/** Reads the hits once. The price of a hit counts only in the most frequent currency, in which prices can be compared. */
export function facetsStatement(query: SearchQuery, nights: number | null): RawQueryFragment {
  const area = areaOf(query);
  const filter = allOf([...searchFilters(query, area?.boxes ?? null, { nights })]);
  return sql`
    WITH hit AS MATERIALIZED (
      SELECT s.room_type, s.amenities, s.price_minor, s.currency FROM listing_search s
       WHERE ${inCells(area)} AND ${filter} LIMIT ${MAX_COUNTED + 1}),
    counted AS (SELECT * FROM hit LIMIT ${MAX_COUNTED}),
    main AS (SELECT currency FROM counted GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1)
    SELECT (SELECT count(*)::int FROM hit) AS hits,
           (SELECT coalesce(jsonb_object_agg(f.name, f.count), '{}') FROM (
             SELECT room_type AS name, count(*) FROM counted GROUP BY 1) f) AS "roomType",
           (SELECT coalesce(jsonb_object_agg(f.name, f.count), '{}') FROM (
             SELECT a.name, count(*) FROM counted, unnest(amenities) AS a (name)
              GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100) f) AS amenities,
           (SELECT currency FROM main) AS currency,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('priceMinor', f.price_minor, 'count', f.count)), '[]') FROM (
             SELECT price_minor, count(*) FROM counted WHERE currency = (SELECT currency FROM main) GROUP BY 1) f) AS prices`;
}
