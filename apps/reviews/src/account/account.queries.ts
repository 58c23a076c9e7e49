import type { EntityManager } from '@mikro-orm/postgresql';
import { Problem } from '@roost/platform';

/** 403 for who is suspended or erased; who was never told of is active. */
export async function requireActive(em: EntityManager, userId: string): Promise<void> {
  const [account] = await em.execute<{ active: boolean }[]>('SELECT active FROM account WHERE user_id = ?', [
    userId,
  ]);
  if (account?.active === false) throw new Problem('account.suspended');
}

/** How these people are called; the erased and the unknown have no name. */
export async function namesOf(
  em: EntityManager,
  userIds: readonly (string | null)[],
): Promise<Map<string, string>> {
  const wanted = [...new Set(userIds.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const rows = await em.execute<{ id: string; name: string }[]>(
    `SELECT user_id AS id, display_name AS name FROM account
     WHERE user_id = ANY(?::uuid[]) AND display_name IS NOT NULL`,
    [`{${wanted.join(',')}}`],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
