import { getQueueToken } from '@nestjs/bull';
import { testUser, eventually, startTestService, type TestService } from '@roost/testing';
import { startService } from '@roost/service';
import type { JobOptions, Queue } from 'bull';
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
    body: { status: 'up', parts: { database: 'up', keys: 'up', redis: 'up', storage: 'up' } },
  });
});

test('serves the metrics of requests by route template and of the process', async () => {
  const user = service.as(testUser());
  await user.get('/v1/notes/0198c0de-0000-7000-8000-000000000000');
  const { body, headers } = await service.anonymous.get<string>('/metrics');
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
  expect(body).toMatch(
    /http_request_duration_seconds_count\{service="notes",method="GET",route="\/v1\/notes\/:id",status="4xx"\} 1/,
  );
  expect(body).toMatch(/^process_cpu_seconds_total /m);
  expect(body).not.toContain('0198c0de');
});

test('serves the metrics of the health, the pool and the queue', async () => {
  const metrics = async () => (await service.anonymous.get<string>('/metrics')).body;
  const body = await metrics();
  expect(body).toMatch(/^roost_ready\{service="notes"\} 1$/m);
  expect(body).toMatch(/^roost_part_up\{part="database",service="notes"\} 1$/m);
  expect(body).toMatch(/^roost_database_connections_max\{service="notes"\} [1-9]\d*$/m);
  expect(body).toMatch(/^roost_database_connections\{state="used",service="notes"\} \d+$/m);
  expect(body).toMatch(/^roost_dead_letters_oldest_seconds\{service="notes"\} 0$/m);
  expect(body).toMatch(/^roost_queue_jobs\{state="delayed",service="notes"\} [1-9]\d*$/m);
  // The sweeps of Bull are delayed jobs, due within their period.
  expect(body).toMatch(/^roost_queue_overdue_seconds\{service="notes"\} \d+(\.\d+)?$/m);
  await eventually(async () =>
    expect(await metrics()).toMatch(
      /^roost_job_duration_seconds_count\{service="notes",job="[\w.-]+",outcome="completed"\} [1-9]/m,
    ),
  );
});

test('reports how long the oldest waiting job has waited', async () => {
  const queue = service.get<Queue>(getQueueToken('notes'));
  await queue.pause();
  try {
    await queue.add('metrics.test', {}, { timestamp: Date.now() - 90_000 } as JobOptions);
    const { body } = await service.anonymous.get<string>('/metrics');
    expect(
      Number(/^roost_queue_oldest_seconds\{service="notes"\} (\S+)$/m.exec(body)?.[1]),
    ).toBeGreaterThanOrEqual(90);
  } finally {
    await queue.removeJobs('*');
    await queue.resume();
  }
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
