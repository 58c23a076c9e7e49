import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface NewAvatar {
  id: string;
  userId: string;
  /** A WebP. */
  content: Buffer;
  createdAt: Date;
}

/** Replaces the avatar of the user. */
export async function storeAvatar(em: EntityManager, avatar: NewAvatar): Promise<void> {
  const { id, userId, content, createdAt } = avatar;
  await em.execute(sql`
    INSERT INTO avatar (user_id, id, content, created_at) VALUES (${userId}, ${id}, ${content}, ${createdAt})
    ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, content = excluded.content, created_at = excluded.created_at`);
}

export async function deleteAvatar(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`DELETE FROM avatar WHERE user_id = ${userId}`);
}

/** Null if there is no such avatar, or if its user is suspended. */
export async function findAvatar(em: EntityManager, id: string): Promise<Buffer | null> {
  const [row] = await em.execute<{ content: Buffer }[]>(sql`
    SELECT content FROM avatar JOIN user_account ON user_account.id = avatar.user_id
    WHERE avatar.id = ${id} AND user_account.status = 'active'`);
  return row?.content ?? null;
}
