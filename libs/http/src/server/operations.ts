import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Health, Metrics } from '@roost/platform';

export interface Operations {
  health: Health | null;
  metrics: Metrics | null;
  openApi: (() => object) | null;
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/** Health, metrics and the OpenAPI document: public routes, served without Nest. */
export function serveOperations(fastify: FastifyInstance, { health, metrics, openApi }: Operations): void {
  if (health) {
    fastify.get('/health/live', (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ status: 'up' }),
    );
    fastify.get('/health/ready', async (_request, reply) => {
      const { ready, status, parts } = await health.report();
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status, parts });
    });
  }
  if (metrics) {
    fastify.get('/metrics', async (_request, reply) => reply.type(PROMETHEUS).send(await metrics.text()));
  }
  if (openApi) {
    let text: string | null = null;
    fastify.get('/openapi.json', (_request, reply) =>
      reply
        .header('cache-control', 'no-cache')
        .type('application/json; charset=utf-8')
        .send((text ??= JSON.stringify(openApi()))),
    );
  }
}

/** Serves `/metrics` on a separate port, for a service whose main port is public. */
export function serveMetrics(metrics: Metrics, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': PROMETHEUS }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
