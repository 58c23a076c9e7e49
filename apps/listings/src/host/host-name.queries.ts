import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody, UserEvent } from '@roost/contracts';
import { mirror } from '@roost/messaging';

/** Stores the display name of a user unless this version or a newer one is stored already. Erased users have no name. */
export async function mirrorHostName(
  em: EntityManager,
  { userId, status, displayName }: EventBody<UserEvent>,
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'host_name',
    key: { user_id: userId },
    version,
    values: { display_name: status === 'erased' ? null : displayName },
  });
}

export async function eraseHostName(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE host_name SET display_name = NULL WHERE user_id = ${userId} AND display_name IS NOT NULL`);
}
