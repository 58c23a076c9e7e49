import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * Locks an account, so that of two requests at once one sees the other. Rows that refer to the account can be inserted
 * meanwhile.
 */
export async function lockAccount(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`SELECT FROM user_account WHERE id = ${userId} FOR NO KEY UPDATE`);
}
