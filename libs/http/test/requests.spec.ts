import { testUser, eventually, expectProblem, startTestService, type TestService } from '@roost/testing';
import { notes } from '../../service/test/notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

const UUID = /^[0-9a-f-]{36}$/;

async function aNote(user = testUser(), text = 'milk') {
  const { body, headers } = await service.as(user).post<{ id: string }>('/v1/notes', { text });
  return { user, id: body.id, path: `/v1/notes/${body.id}`, etag: headers.get('etag') ?? '' };
}

test('a user creates and reads a note; other users get 404', async () => {
  const user = testUser();
  const written = await service.as(user).post<{ id: string }>('/v1/notes', { text: ' milk ' });
  expect(written).toMatchObject({ status: 201, body: { text: 'milk', tags: [], version: 1 } });
  const read = await service.as(user).get(`/v1/notes/${written.body.id}`);
  expect(read.body).toEqual(written.body);
  expect(read.headers.get('cache-control')).toBe('private, no-cache');
  expectProblem(await service.as(testUser()).get(`/v1/notes/${written.body.id}`), 404, 'route.not_found');
});

describe('ETag', () => {
  test('304 without a body if the tag matches', async () => {
    const { user, path, etag } = await aNote();
    const response = await service.as(user).get(path, { 'if-none-match': `"other", ${etag}` });
    expect(response.status).toBe(304);
    expect(response.bytes).toHaveLength(0);
    expect(response.headers.get('etag')).toBe(etag);
    expect((await service.as(user).get(path, { 'if-none-match': `W/${etag}` })).status).toBe(304);
    expect((await service.as(user).get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('412 for a change of an old version', async () => {
    const { user, path, etag } = await aNote();
    const first = await service.as(user).patch(path, { text: 'bread' }, { 'if-match': etag });
    expect(first).toMatchObject({ status: 200, body: { text: 'bread', version: 2 } });
    const second = await service.as(user).patch(path, { text: 'wine' }, { 'if-match': etag });
    expectProblem(second, 412, 'request.precondition_failed');
    expect(second.headers.get('etag')).toBeNull();
    expect((await service.as(user).patch(path, { text: 'wine' }, { 'if-match': '*' })).status).toBe(200);
  });

  test('one of twenty concurrent changes with the same tag succeeds', async () => {
    const { user, path, etag } = await aNote();
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        service.as(user).patch(path, { text: `t${i}` }, { 'if-match': etag }),
      ),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 412)).toHaveLength(19);
  });
});

describe('Prefer: wait', () => {
  test('responds when the state changes', async () => {
    const { user, path, etag } = await aNote();
    const waiting = service.as(user).get(path, { prefer: 'wait=20', 'if-none-match': etag });
    await service.as(user).patch(path, { text: 'bread' });
    expect(await waiting).toMatchObject({ status: 200, body: { text: 'bread' } });
  });

  test('responds 304 after the wait', async () => {
    const { user, path, etag } = await aNote();
    const startedAt = performance.now();
    const response = await service
      .as(user)
      .get(path, { prefer: 'respond-async, wait=1', 'if-none-match': etag });
    expect(response.status).toBe(304);
    expect(performance.now() - startedAt).toBeGreaterThan(950);
  });

  test('responds immediately without a tag or with an old tag', async () => {
    const { user, path } = await aNote();
    expect((await service.as(user).get(path, { prefer: 'wait=20' })).status).toBe(200);
    expect((await service.as(user).get(path, { prefer: 'wait=20', 'if-none-match': '"x"' })).status).toBe(
      200,
    );
  });

  test('rejects the fifth concurrent wait of a user with 429; a closed connection frees its wait', async () => {
    const { user, path, etag } = await aNote();
    const disconnect = new AbortController();
    const waits = Array.from({ length: 5 }, () =>
      fetch(service.url + path, {
        headers: { authorization: `Bearer ${user.token}`, prefer: 'wait=20', 'if-none-match': etag },
        signal: disconnect.signal,
      }),
    );
    const finished = Promise.allSettled(waits);
    const rejected = await Promise.race(waits);
    expect(rejected.status).toBe(429);
    expect(rejected.headers.get('retry-after')).toBe('1');
    expect(await rejected.json()).toMatchObject({ code: 'rate.too_many_waits' });
    const other = await aNote();
    const headers = { prefer: 'wait=1', 'if-none-match': other.etag };
    expect((await service.as(other.user).get(other.path, headers)).status).toBe(304);
    disconnect.abort();
    await finished;
    await eventually(async () => {
      const again = await service.as(user).get(path, { prefer: 'wait=1', 'if-none-match': etag });
      expect(again.status).toBe(304);
    });
  });
});

describe('lists', () => {
  test('pages have no gap and no overlap while rows are added', async () => {
    const user = testUser();
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.unshift((await aNote(user, `n${i}`)).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 10; pages += 1) {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await service
        .as(user)
        .get<{ data: { id: string }[]; nextCursor: string | null }>(`/v1/notes?limit=3${query}`);
      seen.push(...body.data.map(({ id }) => id));
      if (pages === 0) await aNote(user, 'newer');
      cursor = body.nextCursor;
      if (cursor === null) break;
    }
    expect(seen).toEqual(ids);
  });

  test('a page has twenty items by default; the last page has no cursor', async () => {
    const user = testUser();
    await Promise.all(Array.from({ length: 21 }, () => aNote(user)));
    type List = { data: object[]; nextCursor: string | null };
    const first = await service.as(user).get<List>('/v1/notes');
    expect(first.body.data).toHaveLength(20);
    const rest = await service.as(user).get<List>(`/v1/notes?cursor=${first.body.nextCursor}`);
    expect(rest.body).toMatchObject({ data: [{}], nextCursor: null });
    expect((await service.as(user).get<List>('/v1/notes?limit=21')).body.nextCursor).toBeNull();
  });
});

describe('request context', () => {
  test('valid request and trace ids are accepted, invalid ones are replaced', async () => {
    const user = service.as(testUser());
    const given = await user.get('/v1/notes', {
      'x-request-id': 'abc-123',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
    });
    expect(given.headers.get('x-request-id')).toBe('abc-123');
    expect(given.headers.get('traceparent')).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-00$/,
    );
    const generated = await user.get('/v1/notes', { 'x-request-id': 'not an id\t', traceparent: '00-0-0-0' });
    expect(generated.headers.get('x-request-id')).toMatch(UUID);
    expect(generated.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('a problem contains the trace id', async () => {
    const { body } = await service.anonymous.get('/v1/notes', {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(body).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', instance: '/v1/notes' });
  });

  test('is available after a slow body', async () => {
    const user = testUser();
    const bytes = new TextEncoder().encode(JSON.stringify({ texts: ['a', 'b', 'c'] }));
    const body = new ReadableStream({
      async start(controller) {
        for (const byte of bytes) {
          controller.enqueue(Uint8Array.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        controller.close();
      },
    });
    const response = await fetch(`${service.url}/v1/notes/bulk`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${user.token}`,
        'content-type': 'application/json',
        'x-request-id': 'slow',
      },
      body,
      duplex: 'half',
    } as RequestInit);
    expect(await response.json()).toEqual({ count: 3, requestId: 'slow' });
  });
});

describe('uploads', () => {
  const form = (field: string, size: number) => {
    const data = new FormData();
    data.set(field, new Blob([new Uint8Array(size)], { type: 'image/png' }), 'a.png');
    return data;
  };

  test('accepts a file within the limit', async () => {
    const response = await service.as(testUser()).post('/v1/notes/attachments', form('file', 1_500_000));
    expect(response).toMatchObject({ status: 201, body: { sizeBytes: 1_500_000, mimeType: 'image/png' } });
  });

  test('413 for a file over the limit, 400 without a file, 415 for JSON', async () => {
    const user = service.as(testUser());
    const tooLarge = await user.post('/v1/notes/attachments', form('file', 2_000_001));
    expectProblem(tooLarge, 413, 'request.too_large');
    const fields = new FormData();
    fields.set('file', 'not a file');
    expectProblem(await user.post('/v1/notes/attachments', fields), 400, 'request.invalid', '/file');
    expectProblem(await user.post('/v1/notes/attachments', {}), 415, 'request.unsupported_media_type');
  });
});
