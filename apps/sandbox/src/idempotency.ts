import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Database } from './database.js';
import { Refusal } from './refusal.js';

export interface Answer {
  status: number;
  body: object;
  /** Done, but the caller never hears of it (first time only). */
  silent?: boolean;
}

/** Runs the work once per key: the answer is kept in the transaction of the effect. */
export function once(
  database: Database,
  key: string | undefined,
  request: { path: string; body: unknown },
  work: (client: PoolClient) => Promise<Answer>,
): Promise<Answer & { replayed: boolean }> {
  return database.transaction(async (client) => {
    if (key === undefined) return { ...(await work(client)), replayed: false };
    const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
    const known = await client.query<{ request: string; status: number; body: object }>(
      'SELECT request, status, body FROM idempotency_key WHERE key = $1',
      [key],
    );
    const first = known.rows[0];
    if (first) {
      if (first.request !== fingerprint) {
        throw new Refusal(400, 'idempotency_key_reused', 'This key was used for another request');
      }
      return { status: first.status, body: first.body, replayed: true };
    }
    const answer = await work(client);
    await client.query('INSERT INTO idempotency_key (key, request, status, body) VALUES ($1, $2, $3, $4)', [
      key,
      fingerprint,
      answer.status,
      JSON.stringify(answer.body),
    ]);
    return { ...answer, replayed: false };
  });
}
