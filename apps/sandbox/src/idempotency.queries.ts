import type { PoolClient } from 'pg';

export interface StoredResponse {
  request: string;
  status: number;
  body: object;
}

/** Requests with the same key wait for each other until the end of the transaction. */
export async function lockKey(client: PoolClient, key: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
}

export async function readResponse(
  client: Pick<PoolClient, 'query'>,
  key: string,
): Promise<StoredResponse | undefined> {
  const { rows } = await client.query<StoredResponse>(
    'SELECT request, status, body FROM idempotency_key WHERE key = $1',
    [key],
  );
  return rows[0];
}

export async function storeResponse(
  client: PoolClient,
  key: string,
  { request, status, body }: StoredResponse,
): Promise<void> {
  await client.query('INSERT INTO idempotency_key (key, request, status, body) VALUES ($1, $2, $3, $4)', [
    key,
    request,
    status,
    JSON.stringify(body),
  ]);
}
