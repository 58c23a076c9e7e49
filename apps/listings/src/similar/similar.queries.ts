import { type EntityManager, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import { boxesAround, cellsOf } from '../geo/domain/area.js';
import type { Point } from '../geo/domain/point.js';
import { CELL_COLUMN } from '../search-index/search-index.queries.js';

const RADIUS_KM = 10;
/** The best listings of each cell are compared, so a city with many listings costs no more than a village. */
const MAX_PER_CELL = 100;

interface SimilarTo {
  listingId: string;
  /** The point of the listing in search. */
  point: Point;
  limit: number;
}

/** The displaced point of a listing in search; null for one that is not in search. */
export async function findSearchPoint(em: EntityManager, listingId: string): Promise<Point | null> {
  const [row] = await em.execute<Point[]>(
    sql`SELECT lat, lng FROM listing_search WHERE listing_id = ${listingId}`,
  );
  return row ?? null;
}

/**
 * The ids of the listings around a listing in search that are most like it: in its currency, with half to double its price
 * and capacity; of the same room type first, then by the ratios of price and capacity.
 */
export async function findSimilar(em: EntityManager, to: SimilarTo): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(similarStatement(to));
  return rows.map(({ id }) => id);
}

export function similarStatement({ listingId, point, limit }: SimilarTo): RawQueryFragment {
  const { level, cells } = cellsOf(boxesAround(point, RADIUS_KM));
  return sql`
    SELECT c.listing_id AS id FROM listing_search o
     CROSS JOIN unnest(ARRAY[${cells}]::int[]) AS cell (id)
     CROSS JOIN LATERAL (
       SELECT * FROM listing_search s WHERE ${CELL_COLUMN[level]} = cell.id
        ORDER BY s.score DESC, s.key DESC LIMIT ${MAX_PER_CELL}) c
     WHERE o.listing_id = ${listingId} AND c.key <> o.key AND c.currency = o.currency
       AND c.price_minor BETWEEN o.price_minor / 2 AND o.price_minor * 2
       AND c.capacity * 2 >= o.capacity AND c.capacity <= o.capacity * 2
       AND c.host_id <> ALL (ARRAY(SELECT a.user_id FROM account_standing a WHERE a.status <> 'active'))
     ORDER BY c.room_type <> o.room_type,
       abs(ln(c.price_minor::float8 / o.price_minor)) + abs(ln(c.capacity::float8 / o.capacity)), c.key
     LIMIT ${limit}`;
}
