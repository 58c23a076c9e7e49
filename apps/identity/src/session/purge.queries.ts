import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';

export const PURGE_BATCH = 5_000;

/** The primary key of each table, and the column or expression with the end of a row. */
const EXPIRING = {
  session: { key: 'id', endedAt: 'least(expires_at, revoked_at)' },
  one_time_token: { key: 'token_hash', endedAt: 'expires_at' },
  login_attempt: { key: 'subject', endedAt: 'last_failed_at' },
  mail: { key: 'id', endedAt: 'coalesce(sent_at, given_up_at)' },
  phone_code: { key: 'id', endedAt: 'created_at' },
  passkey_challenge: { key: 'challenge_hash', endedAt: 'expires_at' },
  oidc_sign_in: { key: 'token_hash', endedAt: 'expires_at' },
  account_log_entry: { key: 'id', endedAt: 'at' },
  live_event: { key: 'sequence', endedAt: 'created_at' },
  export_request: { key: 'id', endedAt: 'expires_at' },
  signing_key: { key: 'kid', endedAt: 'retire_at' },
};

export type ExpiringTable = keyof typeof EXPIRING;

/**
 * Deletes at most 5,000 rows that ended before an instant, and returns how many it has deleted. With an array, unlike with `IN`,
 * PostgreSQL finds them by the primary key also when it expects many.
 */
export async function deleteEndedBefore(
  em: EntityManager,
  table: ExpiringTable,
  before: Date,
): Promise<number> {
  const { key, endedAt } = EXPIRING[table];
  const deleted = await em.execute<object[]>(sql`
    DELETE FROM ${sql.ref(table)} WHERE ${sql.ref(key)} = ANY (ARRAY(
      SELECT ${sql.ref(key)} FROM ${sql.ref(table)} WHERE ${raw(endedAt)} < ${before}
      LIMIT ${PURGE_BATCH} FOR UPDATE SKIP LOCKED)) RETURNING true`);
  return deleted.length;
}
