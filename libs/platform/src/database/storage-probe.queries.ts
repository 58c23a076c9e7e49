import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Writes half a megabyte where the tables of the service are, and deletes it. Fails while the disk is full. */
export async function probeStorage(em: EntityManager): Promise<void> {
  await em.transactional(async (tx) => {
    await tx.execute(
      sql`INSERT INTO storage_probe SELECT repeat(md5(n::text), 30) FROM generate_series(1, 500) n`,
    );
    await tx.execute(sql`DELETE FROM storage_probe`);
  });
}
