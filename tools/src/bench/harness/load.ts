import { Client } from 'undici';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface LoadResult {
  requests: number;
  /** The number of responses by status. */
  statuses: Record<string, number>;
  seconds: number;
  /** The response time per request, in the order of the responses. */
  millis: number[];
}

/**
 * Sends the requests over persistent connections. Each connection sends its next request after the response to the
 * previous one. `check` throws on an unexpected response.
 */
export async function sendLoad(
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
          const startedAt = performance.now();
          const response = await client.request({ path, method, headers, body });
          const text = await response.body.text();
          millis.push(performance.now() - startedAt);
          statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1;
          check(response.statusCode, text);
        }
      }),
    );
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
  return { requests: millis.length, statuses, seconds: (performance.now() - started) / 1000, millis };
}
