import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Role } from './user.entity.js';

export interface InsertedUser {
  id: string;
  email: string;
  displayName: string;
  locale: string;
  passwordHash: string | null;
  roles: readonly Role[];
  emailVerifiedAt: Date | null;
  mfaExempt: boolean;
  createdAt: Date;
}

/** Inserts version 1 of a user. Returns false if the mail address has an account, also one that commits concurrently. */
export async function insertUser(em: EntityManager, user: InsertedUser): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    INSERT INTO user_account (id, version, email, display_name, locale, roles, status, email_verified_at,
      password_hash, mfa_exempt, created_at)
    VALUES (${user.id}, 1, ${user.email}, ${user.displayName}, ${user.locale}, ARRAY[${user.roles}]::text[], 'active',
      ${user.emailVerifiedAt}, ${user.passwordHash}, ${user.mfaExempt}, ${user.createdAt})
    ON CONFLICT (email) DO NOTHING RETURNING id`);
  return rows.length > 0;
}
