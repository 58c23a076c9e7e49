import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Database } from './database.js';
import { lockKey, readResponse, storeResponse } from './idempotency.queries.js';
import { Rejection } from './rejection.js';

export interface ApiResponse {
  status: number;
  body: object;
  /** The work is done, but the first caller receives no response. */
  silent?: boolean;
}

/** Runs the work once per key: the response is stored in the transaction of the work. */
export function runOnce(
  database: Database,
  key: string | undefined,
  request: { path: string; body: unknown },
  work: (client: PoolClient) => Promise<ApiResponse>,
): Promise<ApiResponse & { replayed: boolean }> {
  return database.transaction(async (client) => {
    if (key === undefined) return { ...(await work(client)), replayed: false };
    const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    await lockKey(client, key);
    const stored = await readResponse(client, key);
    if (stored) {
      if (stored.request !== fingerprint) {
        throw new Rejection(400, 'idempotency_key_reused', 'This key was used for another request');
      }
      return { status: stored.status, body: stored.body, replayed: true };
    }
    const response = await work(client);
    await storeResponse(client, key, { ...response, request: fingerprint });
    return { ...response, replayed: false };
  });
}
