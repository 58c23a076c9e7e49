import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Role, UserStatus } from '../account/user.entity.js';

export interface ExistingUser {
  id: string;
  version: number;
  displayName: string;
  locale: string;
  roles: Role[];
  emailVerified: boolean;
  status: UserStatus;
}

/** Locks the existing users among these, in the order of their ids: otherwise two batches could deadlock. */
export async function lockUsers(
  em: EntityManager,
  ids: readonly string[],
): Promise<Map<string, ExistingUser>> {
  const rows = await em.execute<ExistingUser[]>(sql`
    SELECT id, version, display_name AS "displayName", locale, roles, status,
      email_verified_at IS NOT NULL AS "emailVerified"
    FROM user_account WHERE id = ANY(ARRAY[${ids}]::uuid[]) ORDER BY id FOR UPDATE`);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Inserts version 1 of hosts without a password. A conflict with a concurrent batch of the same hosts is not visible to
 * this transaction and makes it run again.
 */
export async function insertImportedHosts(
  em: EntityManager,
  hosts: readonly { id: string; displayName: string; email: string }[],
  createdAt: Date,
): Promise<void> {
  const rows = hosts.map(({ id, displayName, email }) => ({ id, email, name: displayName }));
  await em.execute(sql`
    INSERT INTO user_account (id, version, email, display_name, locale, roles, status, created_at)
    SELECT id, 1, email, name, 'en', '{guest,host}', 'active', ${createdAt}
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS host (id uuid, email text, name text) ORDER BY id
    ON CONFLICT DO NOTHING`);
}

export async function renameUser(em: EntityManager, id: string, displayName: string): Promise<void> {
  await em.execute(sql`
    UPDATE user_account SET display_name = ${displayName}, version = version + 1 WHERE id = ${id}`);
}
