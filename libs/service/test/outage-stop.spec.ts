import { freshDatabase, freshRedis, startTestService, TestProxy } from '@roost/testing';
import { notes } from './notes/src/service.js';

test.each(['PostgreSQL', 'Redis'])(
  'a service stops within its 30 s while %s is unavailable',
  async (unavailable) => {
    const postgres = await TestProxy.to(await freshDatabase('roost_stop'));
    const redis = await TestProxy.to(await freshRedis());
    const service = await startTestService(notes, {
      env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url },
    });
    (unavailable === 'Redis' ? redis : postgres).cut();
    const startedAt = performance.now();
    await service.close();
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    postgres.close();
    redis.close();
  },
);
