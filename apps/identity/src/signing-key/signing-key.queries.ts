import { type EntityManager, sql } from '@mikro-orm/postgresql';

const SIGNING_KEYS_LOCK = 7_301_001;

/** Waits for the lock that allows one replica at a time to create or retire keys. Released at the end of the transaction. */
export async function lockSigningKeys(em: EntityManager): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${SIGNING_KEYS_LOCK})`);
}
