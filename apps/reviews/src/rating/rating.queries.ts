import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * Inserts the rating of a listing or guest unless it exists. Of two transactions with the first review of a subject,
 * the later one fails here and is retried.
 */
export async function insertEmptyRating(em: EntityManager, subjectId: string): Promise<void> {
  await em.execute(sql`
    INSERT INTO rating (subject_id, count, overall_sum, category_sums, histogram)
    VALUES (${subjectId}, 0, 0, '{}', '[0, 0, 0, 0, 0]') ON CONFLICT (subject_id) DO NOTHING`);
}
