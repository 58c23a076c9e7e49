import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody, UserEvent } from '@roost/contracts';
import { mirror } from '@roost/messaging';

/** Stores the display name of a user unless this version or a newer one is stored already. Erased users have no name. */
export async function mirrorAuthor(
  em: EntityManager,
  { userId, status, displayName }: EventBody<UserEvent>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'author',
    key: { user_id: userId },
    version,
    values: { display_name: status === 'erased' ? null : displayName },
  });
}

export async function eraseAuthor(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE author SET display_name = NULL WHERE user_id = ${userId} AND display_name IS NOT NULL`);
}

/** The display names of these users, by their ids. Erased and missing users are omitted. */
export async function displayNamesOf(
  em: EntityManager,
  userIds: readonly (string | null)[],
): Promise<Map<string, string>> {
  const ids = [...new Set(userIds.filter((id) => id !== null))];
  if (ids.length === 0) return new Map();
  const rows = await em.execute<{ id: string; name: string }[]>(sql`
    SELECT user_id AS id, display_name AS name FROM author
     WHERE user_id = ANY(ARRAY[${ids}]::uuid[]) AND display_name IS NOT NULL`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
