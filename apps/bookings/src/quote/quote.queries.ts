import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Deletes up to `limit` quotes that expired before an instant; returns how many. */
export async function deleteExpiredQuotes(em: EntityManager, before: Date, limit: number): Promise<number> {
  const rows = await em.execute<unknown[]>(sql`
    DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE expires_at < ${before} LIMIT ${limit}) RETURNING id`);
  return rows.length;
}
