import type { EntityManager } from '@mikro-orm/postgresql';

/** As a part of a statement: whether this user may take part. */
export const isActive = (userId: string): string =>
  `NOT EXISTS (SELECT FROM account a WHERE a.user_id = ${userId} AND NOT a.active)`;

export async function isActiveAccount(em: EntityManager, userId: string): Promise<boolean> {
  const [row] = await em.execute<[{ active: boolean }]>(`SELECT ${isActive('?')} AS active`, [userId]);
  return row.active;
}
