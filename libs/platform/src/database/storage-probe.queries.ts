import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Fails if the disk of the database is full: a temporary table allocates pages, which its end releases. */
export async function probeStorage(em: EntityManager): Promise<void> {
  await em.transactional((tx) =>
    tx.execute(
      sql`CREATE TEMP TABLE storage_probe ON COMMIT DROP AS
        SELECT repeat(md5(n::text), 30) AS filler FROM generate_series(1, 500) n`,
    ),
  );
}
