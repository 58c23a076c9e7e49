import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Stores the requested change of a user; replaces an earlier one and its confirmations. */
export async function replaceEmailChange(
  em: EntityManager,
  change: { userId: string; newEmail: string; createdAt: Date; oldConfirmedAt: Date | null },
): Promise<void> {
  await em.execute(sql`
    INSERT INTO email_change (user_id, new_email, created_at, old_confirmed_at)
    VALUES (${change.userId}, ${change.newEmail}, ${change.createdAt}, ${change.oldConfirmedAt})
    ON CONFLICT (user_id) DO UPDATE SET new_email = excluded.new_email, created_at = excluded.created_at,
      old_confirmed_at = excluded.old_confirmed_at, new_confirmed_at = NULL`);
}
