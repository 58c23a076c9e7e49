import type { EntityManager } from '@mikro-orm/postgresql';

/** A host nobody has told us about has not been suspended. */
export async function isActiveHost(em: EntityManager, hostId: string): Promise<boolean> {
  const rows = await em.execute<{ active: boolean }[]>(`SELECT active FROM host WHERE user_id = ?`, [hostId]);
  return rows[0]?.active ?? true;
}

/** Those of these hosts who have been suspended. */
export async function suspendedHosts(em: EntityManager, hostIds: readonly string[]): Promise<Set<string>> {
  const rows = await em.execute<{ id: string }[]>(
    `SELECT user_id AS id FROM host WHERE user_id = ANY(?::uuid[]) AND NOT active`,
    [`{${hostIds.join(',')}}`],
  );
  return new Set(rows.map(({ id }) => id));
}

export async function mirrorHost(
  em: EntityManager,
  host: { userId: string; version: number; active: boolean },
): Promise<void> {
  await em.execute(
    `INSERT INTO host (user_id, version, active) VALUES (?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, active = excluded.active
      WHERE host.version < excluded.version`,
    [host.userId, host.version, host.active],
  );
}
