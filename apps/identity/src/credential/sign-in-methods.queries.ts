import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Locks an account, so that two requests can't remove its last two ways to log in. */
export async function lockAccount(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`SELECT FROM user_account WHERE id = ${userId} FOR UPDATE`);
}

/** Counts the ways in which a user can log in: the password and each passkey. */
export async function countSignInMethods(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<[{ methods: number }]>(sql`
    SELECT ((SELECT count(password_hash) FROM user_account WHERE id = ${userId})
      + (SELECT count(*) FROM passkey WHERE user_id = ${userId}))::int AS methods`);
  return row.methods;
}
