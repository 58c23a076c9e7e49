import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { IdempotencyClaim } from '../context/request-context.js';

export interface StoredResponse {
  fingerprint: Buffer;
  /** `null` while the first request is in progress. */
  status: number | null;
  body: string | null;
}

/**
 * Claims a key. False if another request holds it or its response is stored. A claim whose lease has expired, and a key
 * older than the retention, can be claimed again.
 */
export async function claimKey(
  em: EntityManager,
  { userId, method, path, key, lease }: IdempotencyClaim,
  fingerprint: Buffer,
  { leaseSeconds, retentionHours }: { leaseSeconds: number; retentionHours: number },
): Promise<boolean> {
  const rows = await em.execute<{ key: string }[]>(sql`
    INSERT INTO idempotency_key AS k (user_id, method, path, key, fingerprint, lease, lease_until)
    VALUES (${userId}, ${method}, ${path}, ${key}, ${fingerprint}, ${lease}, now() + make_interval(secs => ${leaseSeconds}))
    ON CONFLICT (user_id, method, path, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, lease = excluded.lease, lease_until = excluded.lease_until,
          status = NULL, body = NULL, created_at = now()
      WHERE (k.status IS NULL AND k.lease_until < now() AND k.fingerprint = excluded.fingerprint)
         OR k.created_at < now() - make_interval(hours => ${retentionHours})
    RETURNING key`);
  return rows.length === 1;
}

/** The response stored under the key of a claim; undefined if the key does not exist. */
export async function findResponse(
  em: EntityManager,
  { userId, method, path, key }: IdempotencyClaim,
): Promise<StoredResponse | undefined> {
  const rows = await em.execute<StoredResponse[]>(sql`
    SELECT fingerprint, status, body FROM idempotency_key
    WHERE user_id = ${userId} AND method = ${method} AND path = ${path} AND key = ${key}`);
  return rows[0];
}

/** Stores the response of a claim. False if the lease has expired and another request has claimed the key. */
export async function storeResponse(
  em: EntityManager,
  claim: IdempotencyClaim,
  { status, body }: { status: number; body: string | null },
): Promise<boolean> {
  const rows = await em.execute<{ key: string }[]>(sql`
    UPDATE idempotency_key SET status = ${status}, body = ${body}, lease = NULL, lease_until = NULL
    WHERE ${isClaim(claim)} RETURNING key`);
  return rows.length === 1;
}

/** Deletes the key of a claim, so that the next request with it runs again. */
export async function releaseKey(em: EntityManager, claim: IdempotencyClaim): Promise<void> {
  await em.execute(sql`DELETE FROM idempotency_key WHERE ${isClaim(claim)}`);
}

/** Deletes up to `limit` keys that are older than the retention. */
export async function deleteOldKeys(em: EntityManager, retentionHours: number, limit: number): Promise<void> {
  await em.execute(sql`
    DELETE FROM idempotency_key WHERE ctid IN (
      SELECT ctid FROM idempotency_key
      WHERE created_at < now() - make_interval(hours => ${retentionHours}) LIMIT ${limit})`);
}

const isClaim = ({ userId, method, path, key, lease }: IdempotencyClaim) => sql`
  user_id = ${userId} AND method = ${method} AND path = ${path} AND key = ${key} AND lease = ${lease}`;
