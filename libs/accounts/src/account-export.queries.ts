import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** One run that writes a part. Another run of the same export has another number. */
export interface ExportRun {
  exportId: string;
  userId: string;
  attempt: number;
}

/** Stores a request; a redelivered one and one of an erased user change nothing. */
export async function addExport(
  em: EntityManager,
  { userId, requestId }: { userId: string; requestId: string },
  dueAt: Date,
  expiresAt: Date,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO account_export (export_id, user_id, due_at, expires_at)
    SELECT ${requestId}::uuid, ${userId}::uuid, ${dueAt}::timestamptz, ${expiresAt}::timestamptz
    WHERE NOT EXISTS (SELECT FROM account_erasure WHERE user_id = ${userId})
    ON CONFLICT DO NOTHING`);
}

/** The exports that are due and expire after an instant, in the order of their due instants. */
export async function dueExports(
  em: EntityManager,
  { now, expiresAfter }: { now: Date; expiresAfter: Date },
  limit: number,
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT export_id AS id FROM account_export WHERE due_at <= ${now} AND expires_at > ${expiresAfter}
    ORDER BY due_at LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

/**
 * Starts a run and deletes the chunks of earlier ones; null if the export is not due or another replica has started one. It is due
 * again at `leaseUntil`.
 */
export async function startRun(
  em: EntityManager,
  exportId: string,
  now: Date,
  leaseUntil: Date,
): Promise<ExportRun | null> {
  const [run] = await em.execute<ExportRun[]>(sql`
    WITH run AS (
      UPDATE account_export SET due_at = ${leaseUntil}, attempt = attempt + 1
      WHERE export_id = ${exportId} AND due_at <= ${now} RETURNING export_id, user_id, attempt),
    earlier AS (
      DELETE FROM account_export_chunk c USING run WHERE c.export_id = run.export_id AND c.attempt < run.attempt)
    SELECT export_id AS "exportId", user_id AS "userId", attempt FROM run`);
  return run ?? null;
}

/** Stores a chunk and extends the lease. Returns false if the run has ended: by another run, or because the user is erased. */
export async function addChunk(
  em: EntityManager,
  { exportId, attempt }: ExportRun,
  chunk: { position: number; content: string },
  leaseUntil: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    WITH run AS (
      UPDATE account_export SET due_at = ${leaseUntil}
      WHERE export_id = ${exportId} AND attempt = ${attempt} AND due_at IS NOT NULL RETURNING export_id, attempt)
    INSERT INTO account_export_chunk (export_id, attempt, position, content)
    SELECT export_id, attempt, ${chunk.position}::int, ${chunk.content} FROM run RETURNING true`);
  return rows.length > 0;
}

/** Completes the part, and deletes the chunks of earlier runs. Returns false if the run has ended otherwise. */
export async function completeExport(em: EntityManager, { exportId, attempt }: ExportRun): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE account_export SET due_at = NULL
    WHERE export_id = ${exportId} AND attempt = ${attempt} AND due_at IS NOT NULL RETURNING true`);
  if (rows.length === 0) return false;
  await em.execute(sql`
    DELETE FROM account_export_chunk WHERE export_id = ${exportId} AND attempt <> ${attempt}`);
  return true;
}

/** Of a run that failed; changes nothing if another run has started. */
export async function postponeExport(
  em: EntityManager,
  { exportId, attempt }: ExportRun,
  dueAt: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE account_export SET due_at = ${dueAt}
    WHERE export_id = ${exportId} AND attempt = ${attempt} AND due_at IS NOT NULL`);
}

/** Deletes the exports of an erased user, with their chunks. */
export async function deleteExports(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`DELETE FROM account_export WHERE user_id = ${userId}`);
}

/** Deletes at most `limit` exports that have expired, with their chunks. Returns how many. */
export async function deleteExpiredExports(em: EntityManager, now: Date, limit: number): Promise<number> {
  const deleted = await em.execute<object[]>(sql`
    DELETE FROM account_export WHERE export_id IN
      (SELECT export_id FROM account_export WHERE expires_at <= ${now} LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING true`);
  return deleted.length;
}

export interface CompletePart {
  exportId: string;
  attempt: number;
  /** Their number. */
  chunks: number;
}

/** The complete part of an export of the user; null if there is none. */
export async function findCompletePart(
  em: EntityManager,
  { exportId, userId }: { exportId: string; userId: string },
  now: Date,
): Promise<CompletePart | null> {
  const [part] = await em.execute<CompletePart[]>(sql`
    SELECT export_id AS "exportId", attempt,
      (SELECT count(*)::int FROM account_export_chunk c WHERE c.export_id = e.export_id AND c.attempt = e.attempt) AS chunks
    FROM account_export e
    WHERE export_id = ${exportId} AND user_id = ${userId} AND due_at IS NULL AND expires_at > ${now}`);
  return part ?? null;
}

export async function readChunk(
  em: EntityManager,
  { exportId, attempt }: CompletePart,
  position: number,
): Promise<string | null> {
  const [row] = await em.execute<{ content: string }[]>(sql`
    SELECT content FROM account_export_chunk
    WHERE export_id = ${exportId} AND attempt = ${attempt} AND position = ${position}`);
  return row?.content ?? null;
}
