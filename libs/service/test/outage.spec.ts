import {
  testUser,
  eventually,
  expectProblem,
  freshDatabase,
  freshRedis,
  startTestService,
  type TestService,
  TestProxy,
} from '@roost/testing';
import { notes } from './notes/src/service.js';

let service: TestService;
let postgres: TestProxy;
let redis: TestProxy;

beforeAll(async () => {
  postgres = await TestProxy.to(await freshDatabase('roost_outage'));
  redis = await TestProxy.to(await freshRedis());
  service = await startTestService(notes, { env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
});
afterAll(async () => {
  postgres?.mend();
  redis?.mend();
  await service?.close();
  postgres?.close();
  redis?.close();
});

const readiness = () => service.anonymous.get<{ parts: Record<string, string> }>('/health/ready');

test('without PostgreSQL, requests return 503, the service is alive and not ready, and it recovers without a restart', async () => {
  const user = service.as(testUser());
  expect((await user.post('/v1/notes', { text: 'a' })).status).toBe(201);
  postgres.cut();
  for (const response of [
    await user.post('/v1/notes', { text: 'b' }),
    await user.get('/v1/notes'),
    await user.post('/v1/notes', { text: 'b' }, { 'idempotency-key': 'k' }),
  ]) {
    expectProblem(response, 503, 'service.unavailable');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
  }
  expect(await readiness()).toMatchObject({
    status: 503,
    body: { parts: { database: 'down', redis: 'up' } },
  });
  expect((await service.anonymous.get('/health/live')).status).toBe(200);
  postgres.mend();
  await eventually(
    async () =>
      expect((await user.post('/v1/notes', { text: 'b' }, { 'idempotency-key': 'k' })).status).toBe(201),
    {
      seconds: 10,
    },
  );
  expect((await readiness()).status).toBe(200);
});

test('without Redis, requests succeed, the service is not ready, and sweeps run', async () => {
  const user = testUser();
  redis.cut();
  const written = await service.as(user).post('/v1/notes', { text: 'a', expiresInDays: 1 });
  expect(written.status).toBe(201);
  await eventually(async () =>
    expect((await readiness()).body.parts).toEqual({
      database: 'up',
      keys: 'up',
      redis: 'down',
      storage: 'up',
    }),
  );
  expectProblem(await service.anonymous.post('/dev/clock', { advance: 'P1D' }), 503, 'service.unavailable');
  await service.query("UPDATE note SET expires_at = now() - interval '1 day' WHERE owner_id = $1", [user.id]);
  await eventually(
    async () => expect(await service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id])).toEqual([]),
    { seconds: 25 },
  );
  redis.mend();
  await eventually(async () => expect((await readiness()).status).toBe(200), { seconds: 10 });
  expect((await service.anonymous.post('/dev/clock', { advance: 'PT1S' })).status).toBe(200);
}, 60_000);
