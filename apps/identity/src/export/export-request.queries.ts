import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface ExportRow {
  id: string;
  requestedAt: Date;
  expiresAt: Date;
  completedBy: string[];
  readyAt: Date | null;
}

const columns = sql`id, requested_at AS "requestedAt", expires_at AS "expiresAt", completed_by AS "completedBy",
  ready_at AS "readyAt"`;

export async function insertExport(
  em: EntityManager,
  userId: string,
  { id, requestedAt, expiresAt }: ExportRow,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO export_request (id, user_id, requested_at, expires_at)
    VALUES (${id}, ${userId}, ${requestedAt}, ${expiresAt})`);
}

/** The newest exports that the user has requested after an instant. */
export function recentExports(
  em: EntityManager,
  userId: string,
  since: Date,
  limit: number,
): Promise<ExportRow[]> {
  return em.execute<ExportRow[]>(sql`
    SELECT ${columns} FROM export_request WHERE user_id = ${userId} AND requested_at > ${since}
    ORDER BY requested_at DESC LIMIT ${limit}`);
}

export async function findExport(em: EntityManager, userId: string, id: string): Promise<ExportRow | null> {
  const [row] = await em.execute<ExportRow[]>(sql`
    SELECT ${columns} FROM export_request WHERE id = ${id} AND user_id = ${userId}`);
  return row ?? null;
}

/**
 * Records that the part of a service is ready, and returns the services whose part is; null for an unknown or ready export,
 * and for one that was requested at `since` or before.
 */
export async function recordPart(
  em: EntityManager,
  { userId, requestId }: { userId: string; requestId: string },
  service: string,
  since: Date,
): Promise<string[] | null> {
  const [row] = await em.execute<{ services: string[] }[]>(sql`
    UPDATE export_request SET completed_by = array_append(array_remove(completed_by, ${service}), ${service})
    WHERE id = ${requestId} AND user_id = ${userId} AND ready_at IS NULL AND requested_at > ${since}
    RETURNING completed_by AS services`);
  return row?.services ?? null;
}

export async function completeRequest(em: EntityManager, id: string, now: Date): Promise<void> {
  await em.execute(sql`UPDATE export_request SET ready_at = ${now} WHERE id = ${id}`);
}

/** The exports that are pending for more than an hour; reads a partial index. */
export async function readOverdueExports(em: EntityManager, pendingSince: Date): Promise<{ count: number }> {
  const [row] = await em.execute<[{ count: number }]>(sql`
    SELECT count(*)::float8 AS count FROM export_request
    WHERE ready_at IS NULL AND requested_at > ${pendingSince}
      AND requested_at < clock_timestamp() - interval '1 hour'`);
  return row;
}
