import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

export interface WorkOrder {
  count: number;
  /** How many run at once. */
  lanes: number;
}

/** The seconds that an order took. */
export interface WorkResult {
  seconds: number;
}

/** Serves `GET /ready` and `POST /run` on the port of the environment: runs `work` for each number of an order. */
export async function serveWork(work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const server = createServer((request, response) => {
    if (request.method === 'GET') return void response.end('ready');
    void json(request).then(async (body) => {
      const { count, lanes } = body as WorkOrder;
      const numbers = Array.from({ length: count }, () => next++).values();
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: lanes }, async () => {
          for (const number of numbers) await work(number);
        }),
      );
      const result: WorkResult = { seconds: (performance.now() - startedAt) / 1_000 };
      response.end(JSON.stringify(result));
    });
  });
  await new Promise<void>((resolve) => server.listen(Number(process.env.PORT), '127.0.0.1', resolve));
}

export async function orderWork(url: string, order: WorkOrder): Promise<WorkResult> {
  const response = await fetch(`${url}/run`, { method: 'POST', body: JSON.stringify(order) });
  return (await response.json()) as WorkResult;
}
