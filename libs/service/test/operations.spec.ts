import { testUser, eventually, startTestService, type TestService } from '@roost/testing';
import { startService } from '@roost/service';
import { notes } from './notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

test('reports liveness, and readiness by part', async () => {
  expect(await service.anonymous.get('/health/live')).toMatchObject({ status: 200, body: { status: 'up' } });
  expect(await service.anonymous.get('/health/ready')).toMatchObject({
    status: 200,
    body: { status: 'up', parts: { database: 'up', redis: 'up', storage: 'up' } },
  });
});

test('serves the metrics of requests by route template and of the process', async () => {
  const user = service.as(testUser());
  await user.get('/v1/notes/0198c0de-0000-7000-8000-000000000000');
  const { body, headers } = await service.anonymous.get<string>('/metrics');
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
  expect(body).toMatch(
    /http_request_duration_seconds_count\{service="notes",method="GET",route="\/v1\/notes\/:id",status="404"\} 1/,
  );
  expect(body).toMatch(/^process_cpu_seconds_total /m);
  expect(body).not.toContain('0198c0de');
});

describe('the domain clock', () => {
  test('moves in every process, runs the sweeps and keeps its offset after a restart', async () => {
    const other = await startService(notes, { env: service.env, bus: service.bus });
    try {
      const user = testUser();
      await service.as(user).post('/v1/notes', { text: 'temporary', expiresInDays: 3 });
      const remaining = () => service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id]);
      const move = await service.anonymous.post<{ now: string }>('/dev/clock', { advance: 'P2DT23H' });
      expect(move.status).toBe(200);
      expect(await remaining()).toHaveLength(1);
      await service.anonymous.post('/dev/clock', { advance: 'PT2H' });
      expect(await remaining()).toHaveLength(0);
      const expected = Date.parse(move.body.now) + 7_200_000;
      const { createdAt } = (await service.as(user).post<{ createdAt: string }>('/v1/notes', { text: 'a' }))
        .body;
      expect(Math.abs(Date.parse(createdAt) - expected)).toBeLessThan(60_000);

      const third = await startService(notes, { env: service.env, bus: service.bus });
      try {
        for (const { url } of [other, third]) {
          const response = await fetch(`${url}/v1/notes`, {
            method: 'POST',
            headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
            body: '{"text":"b"}',
          });
          const note = (await response.json()) as { createdAt: string };
          expect(Math.abs(Date.parse(note.createdAt) - expected)).toBeLessThan(60_000);
        }
      } finally {
        await third.close();
      }
    } finally {
      await other.close();
      await service.anonymous.post('/dev/clock', { reset: true });
    }
  });

  test('can be set and reset', async () => {
    const set = await service.anonymous.post<{ now: string }>('/dev/clock', { set: '2030-01-01T00:00:00Z' });
    expect(set.body.now).toMatch(/^2030-01-01T00:00:0/);
    const reset = await service.anonymous.post<{ now: string }>('/dev/clock', { reset: true });
    expect(Math.abs(Date.parse(reset.body.now) - Date.now())).toBeLessThan(5_000);
  });

  test.each([
    [{ advance: 'tomorrow' }],
    [{ set: '2030-01-01' }],
    [{ reset: false }],
    [{}],
    [{ advance: 'P1D', reset: true }],
  ])('rejects %j', async (body) => {
    expect((await service.anonymous.post('/dev/clock', body)).status).toBe(400);
  });
});

test('a sweep runs without a move of the clock', async () => {
  const user = testUser();
  await service.as(user).post('/v1/notes', { text: 'temporary', expiresInDays: 1 });
  await service.query("UPDATE note SET expires_at = now() - interval '1 day' WHERE owner_id = $1", [user.id]);
  await eventually(
    async () =>
      expect(await service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id])).toHaveLength(0),
    { seconds: 20 },
  );
});
