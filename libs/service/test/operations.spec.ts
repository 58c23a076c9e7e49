import { aUser, eventually, startTestService, type TestService } from '@roost/testing';
import { startService } from '@roost/service';
import { notes } from './notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

test('health: alive and ready, by part', async () => {
  expect(await service.anonymous.get('/health/live')).toMatchObject({ status: 200, body: { status: 'up' } });
  expect(await service.anonymous.get('/health/ready')).toMatchObject({
    status: 200,
    body: { status: 'up', parts: { database: 'up', redis: 'up' } },
  });
});

test('metrics: requests by route template, and the process', async () => {
  const user = service.as(aUser());
  await user.get('/v1/notes/0198c0de-0000-7000-8000-000000000000');
  const { body, headers } = await service.anonymous.get<string>('/metrics');
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
  expect(body).toMatch(
    /http_request_duration_seconds_count\{service="notes",method="GET",route="\/v1\/notes\/:id",status="404"\} 1/,
  );
  expect(body).toMatch(/^process_cpu_seconds_total /m);
  expect(body).not.toContain('0198c0de');
});

describe('OpenAPI', () => {
  interface Document {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties: Record<string, object>; required?: string[] }> };
  }
  interface Operation {
    security: object[];
    parameters?: { name: string; in: string; required: boolean; schema: object }[];
    requestBody?: { content: Record<string, { schema: { $ref: string } }> };
    responses: Record<
      string,
      { description: string; content?: Record<string, { schema: { $ref?: string } }> }
    >;
  }
  let document: Document;
  beforeAll(async () => {
    document = (await service.anonymous.get<Document>('/openapi.json')).body;
  });

  test('path templates, and who may call', () => {
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/notes',
      '/v1/notes/attachments',
      '/v1/notes/bulk',
      '/v1/notes/count',
      '/v1/notes/hello',
      '/v1/notes/{id}',
    ]);
    expect(document.paths['/v1/notes/count']?.get?.security).toEqual([]);
    expect(document.paths['/v1/notes/hello']?.get?.security).toEqual([{}, { accessToken: [] }]);
    expect(document.paths['/v1/notes']?.get?.security).toEqual([{ accessToken: [] }]);
  });

  test('one schema per shape, requests and answers apart where they differ', () => {
    const create = document.paths['/v1/notes']?.post;
    expect(create?.requestBody?.content['application/json']?.schema.$ref).toBe(
      '#/components/schemas/WriteNoteInput',
    );
    expect(create?.responses[201]?.content?.['application/json']?.schema.$ref).toBe(
      '#/components/schemas/Note',
    );
    expect(document.components.schemas.WriteNoteInput?.required).toEqual(['text']);
    expect(document.components.schemas.Note?.required).toEqual([
      'id',
      'text',
      'tags',
      'version',
      'createdAt',
    ]);
    expect(document.components.schemas.Note?.properties.id).toEqual({ type: 'string', format: 'uuid' });
  });

  test('parameters of path and query', () => {
    expect(document.paths['/v1/notes/{id}']?.get?.parameters).toEqual([
      expect.objectContaining({
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'string', format: 'uuid' },
      }),
    ]);
    const query = document.paths['/v1/notes']?.get?.parameters ?? [];
    expect(query.map(({ name, required }) => `${name}:${required}`).sort()).toEqual([
      'cursor:false',
      'limit:false',
      'tag:false',
    ]);
  });

  test('problems by status, those of the conventions included', () => {
    const { responses } = document.paths['/v1/notes/{id}']?.patch as Operation;
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '404', '412', '413', '415', '503']),
    );
    expect(responses[412]?.description).toContain('`request.precondition_failed`');
    const { parameters } = document.paths['/v1/notes']?.post as Operation;
    expect(parameters?.map(({ name }) => name)).toContain('Idempotency-Key');
  });

  test('every reference leads somewhere', () => {
    const known = new Set(Object.keys(document.components.schemas));
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/"#\/(?!components\/schemas)/);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(known).toContain(name);
  });
});

describe('the domain clock', () => {
  test('moves for every process at once, sweeps what is due, and keeps its place over a restart', async () => {
    const other = await startService(notes, { env: service.env, bus: service.bus });
    try {
      const user = aUser();
      await service.as(user).post('/v1/notes', { text: 'soon gone', expiresInDays: 3 });
      const left = () => service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id]);
      const moved = await service.anonymous.post<{ now: string }>('/dev/clock', { advance: 'P2DT23H' });
      expect(moved.status).toBe(200);
      expect(await left()).toHaveLength(1);
      await service.anonymous.post('/dev/clock', { advance: 'PT2H' });
      expect(await left()).toHaveLength(0);
      const far = Date.parse(moved.body.now) + 7_200_000;
      const { createdAt } = (await service.as(user).post<{ createdAt: string }>('/v1/notes', { text: 'a' }))
        .body;
      expect(Math.abs(Date.parse(createdAt) - far)).toBeLessThan(60_000);

      const third = await startService(notes, { env: service.env, bus: service.bus });
      try {
        for (const { url } of [other, third]) {
          const answer = await fetch(`${url}/v1/notes`, {
            method: 'POST',
            headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
            body: '{"text":"b"}',
          });
          const note = (await answer.json()) as { createdAt: string };
          expect(Math.abs(Date.parse(note.createdAt) - far)).toBeLessThan(60_000);
        }
      } finally {
        await third.close();
      }
    } finally {
      await other.close();
      await service.anonymous.post('/dev/clock', { reset: true });
    }
  });

  test('is set and reset', async () => {
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
  ])('400 for %j', async (body) => {
    expect((await service.anonymous.post('/dev/clock', body)).status).toBe(400);
  });
});

test('due work is swept by itself', async () => {
  const user = aUser();
  await service.as(user).post('/v1/notes', { text: 'gone', expiresInDays: 1 });
  await service.query("UPDATE note SET expires_at = now() - interval '1 day' WHERE owner_id = $1", [user.id]);
  await eventually(
    async () =>
      expect(await service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id])).toHaveLength(0),
    { seconds: 20 },
  );
});
