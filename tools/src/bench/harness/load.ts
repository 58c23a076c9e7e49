import { Client } from 'undici';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface LoadResult {
  requests: number;
  /** How often each status came. */
  statuses: Record<string, number>;
  seconds: number;
  /** One answer time per request, in the order in which they ended. */
  millis: number[];
}

/**
 * Sends the requests over `connections` kept connections, each sending its next one when the last is answered. `check`
 * throws on an answer that must not be.
 */
export async function drive(
  url: string,
  connections: number,
  requests: readonly LoadRequest[],
  check: (status: number, body: string) => void,
): Promise<LoadResult> {
  const statuses: Record<string, number> = {};
  const millis: number[] = [];
  const queue = requests.values();
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1 }));
  const started = performance.now();
  try {
    await Promise.all(
      clients.map(async (client) => {
        for (const { path, method, headers = {}, body = null } of queue) {
          const from = performance.now();
          const answer = await client.request({ path, method, headers, body });
          const text = await answer.body.text();
          millis.push(performance.now() - from);
          statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
          check(answer.statusCode, text);
        }
      }),
    );
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
  return { requests: millis.length, statuses, seconds: (performance.now() - started) / 1000, millis };
}
