import type { EntityManager } from '@mikro-orm/postgresql';

export async function isActiveAccount(em: EntityManager, userId: string): Promise<boolean> {
  const suspended = await em.execute<object[]>('SELECT 1 FROM account WHERE user_id = ? AND NOT active', [
    userId,
  ]);
  return suspended.length === 0;
}
