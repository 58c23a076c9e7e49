import { type EntityManager, sql } from '@mikro-orm/postgresql';

/**
 * The tables whose rows belong to one user. Refresh tokens, challenges for passkeys and sign-ins in progress are deleted with
 * their session.
 */
const OWNED_TABLES = [
  'session',
  'account_log_entry',
  'avatar',
  'passkey',
  'external_identity',
  'totp_factor',
  'recovery_code',
  'mfa_challenge',
  'one_time_token',
  'email_change',
  'notification',
  'notification_setting',
  'live_event',
  'export_request',
];

export async function deleteOwnedRows(em: EntityManager, userId: string): Promise<void> {
  for (const table of OWNED_TABLES)
    await em.execute(sql`DELETE FROM ${sql.ref(table)} WHERE user_id = ${userId}`);
}

/**
 * Overwrites the columns of an account that the previous version of the service does not: one of its replicas may erase an
 * account during an update.
 */
export async function eraseProfile(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE user_account SET bio = '', public_bio = '', languages = '{}', avatar_id = NULL, phone = NULL
    WHERE id = ${userId} AND (bio <> '' OR public_bio <> '' OR languages <> '{}' OR avatar_id IS NOT NULL
      OR phone IS NOT NULL)`);
}

/** Increments the version of an account whose other columns do not change, and locks its row. */
export async function incrementVersion(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`UPDATE user_account SET version = version + 1 WHERE id = ${userId}`);
}
