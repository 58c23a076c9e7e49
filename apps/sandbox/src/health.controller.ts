import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Database } from './database.js';
import type { SandboxMetrics } from './metrics.js';

export function addHealthRoutes(
  app: FastifyInstance,
  { database, metrics }: { database: Database; metrics: SandboxMetrics },
): void {
  app.get('/health/live', async () => ({ status: 'ok' }));
  const ready = async (_request: FastifyRequest, reply: FastifyReply) => {
    try {
      await database.ping();
      return await reply.send({ status: 'ok' });
    } catch {
      return reply.status(503).send({ status: 'unavailable', parts: { database: 'unreachable' } });
    }
  };
  app.get('/health/ready', { logLevel: 'warn' }, ready);
  app.get('/health', { logLevel: 'warn' }, ready);
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}
