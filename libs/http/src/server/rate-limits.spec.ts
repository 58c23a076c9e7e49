import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Redis } from '@roost/platform';
import { RateLimits } from './rate-limits.js';

test('sends nothing to a Redis that does not respond, for a second after a time-out', async () => {
  let commands = 0;
  // The command that @fastify/rate-limit defines; it never calls back.
  const silent = { defineCommand: () => undefined, rateLimit: () => (commands += 1) };
  const fastify = Fastify();
  const limits = new RateLimits(fastify, silent as unknown as Redis, {
    REDIS_PREFIX: 'test',
    ROOST_ENV: 'production',
  });
  let count = (): Promise<void> => Promise.reject(new Error('not ready'));
  limits.whenReady(() => {
    const limit = limits.create('user', 1, (request) => request.ip);
    count = () =>
      limit.count({ ip: '192.0.2.1', routeOptions: { config: {} } } as FastifyRequest, {} as FastifyReply);
  });
  await fastify.ready();
  for (let request = 0; request < 5; request++) await count();
  expect(commands).toBe(1);
  await fastify.close();
});
