import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';
import { CATEGORIES } from '../criteria/domain/scores.js';
import { listingIsSuspended } from '../listing/listing.queries.js';
import type { Totals } from './domain/rating.js';

/**
 * Inserts the rating of a listing or guest unless it exists. Of two transactions with the first review of a subject,
 * the later one fails here and is retried.
 */
export async function insertEmptyRating(em: EntityManager, subjectId: string): Promise<void> {
  await em.execute(sql`
    INSERT INTO rating (subject_id, count, overall_sum, category_sums, histogram)
    VALUES (${subjectId}, 0, 0, '{}', '[0, 0, 0, 0, 0]') ON CONFLICT (subject_id) DO NOTHING`);
}

const summedHistogram = raw([0, 1, 2, 3, 4].map((index) => `sum((r.histogram->>${index})::int)`).join(', '));
const summedCategories = raw(
  CATEGORIES.map((name) => `'${name}', sum((r.category_sums->>'${name}')::int)`).join(', '),
);

/** The sums of the ratings of all listings of each host that are not suspended. Hosts without ratings are omitted. */
export async function sumRatingsOfHosts(
  em: EntityManager,
  hostIds: readonly string[],
): Promise<Map<string, Totals>> {
  const rows = await em.execute<(Totals & { hostId: string })[]>(sql`
    SELECT l.host_id AS "hostId", sum(r.count)::int AS count, sum(r.overall_sum)::int AS "overallSum",
           jsonb_strip_nulls(jsonb_build_object(${summedCategories})) AS "categorySums",
           jsonb_build_array(${summedHistogram}) AS histogram
      FROM listing l JOIN rating r ON r.subject_id = l.listing_id
     WHERE l.host_id = ANY(ARRAY[${hostIds}]::uuid[]) AND NOT ${listingIsSuspended()}
     GROUP BY l.host_id`);
  return new Map(rows.map(({ hostId, ...totals }) => [hostId, totals]));
}

/** The numbers of external reviews of these listings, or of all listings of these hosts. */
export async function countExternalReviews(
  em: EntityManager,
  by: 'listing' | 'host',
  ids: readonly string[],
): Promise<Map<string, number>> {
  const wanted = sql`ARRAY[${ids}]::uuid[]`;
  const listings =
    by === 'host'
      ? sql`SELECT l.host_id AS id, l.listing_id FROM listing l
             WHERE l.host_id = ANY(${wanted}) AND NOT ${listingIsSuspended()}`
      : sql`SELECT DISTINCT id, id AS listing_id FROM unnest(${wanted}) AS id
             WHERE NOT EXISTS (SELECT FROM listing l WHERE l.listing_id = id AND ${listingIsSuspended()})`;
  const rows = await em.execute<{ id: string; count: number }[]>(sql`
    SELECT s.id, sum(external.count)::int AS count
      FROM (${listings}) s
     CROSS JOIN LATERAL (
       SELECT count(*) AS count FROM review r WHERE r.listing_id = s.listing_id
          AND r.external_id IS NOT NULL AND r.published_at IS NOT NULL AND r.hidden_at IS NULL) external
     GROUP BY s.id`);
  return new Map(rows.map(({ id, count }) => [id, count]));
}
