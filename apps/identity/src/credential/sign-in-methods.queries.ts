import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * Counts the ways in which a user can log in: the password, each passkey and each account of a provider with one of the
 * `issuers` of the settings. Lock the account first.
 */
export async function countSignInMethods(
  em: EntityManager,
  userId: string,
  issuers: readonly string[],
): Promise<number> {
  const [row] = await em.execute<[{ methods: number }]>(sql`
    SELECT ((SELECT count(password_hash) FROM user_account WHERE id = ${userId})
      + (SELECT count(*) FROM passkey WHERE user_id = ${userId})
      + (SELECT count(*) FROM external_identity
         WHERE user_id = ${userId} AND issuer = ANY(ARRAY[${issuers}]::text[])))::int AS methods`);
  return row.methods;
}
