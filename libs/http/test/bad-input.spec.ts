import { connect } from 'node:net';
import { testUser, expectProblem, startTestService, type TestClient, type TestService } from '@roost/testing';
import { notes } from '../../service/test/notes/src/service.js';

let service: TestService;
let client: TestClient;

beforeAll(async () => {
  service = await startTestService(notes);
  client = service.as(testUser());
});
afterAll(() => service?.close());

const json = { 'content-type': 'application/json' };

describe('400 with a JSON pointer for an invalid body', () => {
  test.each<[name: string, body: unknown, pointer: string]>([
    ['malformed JSON', '{"text":', ''],
    ['text that is not JSON', 'milk', ''],
    ['a list instead of an object', '[]', ''],
    ['null', 'null', ''],
    ['a wrong type', { text: 5 }, '/text'],
    ['a missing field', {}, '/text'],
    ['an unknown field', { text: 'a', ownerId: 'me' }, '/ownerId'],
    ['an unknown field with a slash and a tilde', { text: 'a', 'a/b~c': 1 }, '/a~1b~0c'],
    ['an invalid item of a list', { text: 'a', tags: ['x', 7] }, '/tags/1'],
    ['a list over its maximum length', { text: 'a', tags: ['1', '2', '3', '4', '5', '6'] }, '/tags'],
    ['a text over its maximum length', { text: 'x'.repeat(10_000) }, '/text'],
    ['only spaces', { text: '   ' }, '/text'],
    ['a number over its maximum', { text: 'a', expiresInDays: 1e9 }, '/expiresInDays'],
    ['a fraction', { text: 'a', expiresInDays: 1.5 }, '/expiresInDays'],
    ['a number too large for a double', '{"text":"a","expiresInDays":1e999}', '/expiresInDays'],
    ['a NUL', '{"text":"a\\u0000b"}', '/text'],
    ['a NUL in a list', '{"text":"a","tags":["\\u0000"]}', '/tags/0'],
    ['a NUL in a name', '{"text":"a","\\u0000":1}', ''],
    ['a lone surrogate', '{"text":"\\ud800"}', '/text'],
    ['the key __proto__', '{"text":"a","__proto__":{"isAdmin":true}}', '/__proto__'],
    ['the key __proto__ with an escape', '{"text":"a","\\u005f_proto__":{"isAdmin":true}}', '/__proto__'],
    ['the key constructor', '{"text":"a","constructor":{"prototype":{"isAdmin":true}}}', '/constructor'],
    ['a deeply nested body', `{"text":${'['.repeat(5000)}${']'.repeat(5000)}}`, `/text${'/0'.repeat(31)}`],
  ])('%s', async (_name, body, pointer) => {
    const response = await client.post('/v1/notes', body, json);
    expectProblem(response, 400, 'request.invalid', pointer);
    expect(JSON.stringify(response.body).length).toBeLessThan(10_000);
  });

  test('400 for bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expectProblem(await client.post('/v1/notes', bytes, json), 400, 'request.invalid', '');
  });

  test('400 without a body', async () => {
    expectProblem(await client.post('/v1/notes'), 400, 'request.invalid', '');
    expectProblem(await client.post('/v1/notes', '', json), 400, 'request.invalid', '');
  });

  test('does not return the input', async () => {
    const response = await client.post('/v1/notes', { text: 42_4242, extra: 'my-secret' });
    expect(JSON.stringify(response.body)).not.toMatch(/my-secret|424242/);
  });

  test('reports all errors at once', async () => {
    const { body } = await client.post<{ errors: { pointer: string }[] }>('/v1/notes', {
      text: '',
      tags: 1,
      a: 1,
      b: 2,
    });
    expect(body.errors.map(({ pointer }) => pointer).sort()).toEqual(['/a', '/b', '/tags', '/text']);
  });
});

describe('400 with the name of an invalid path or query parameter', () => {
  test.each<[name: string, path: string, parameter: string]>([
    ['an id that is not a UUID', '/v1/notes/1', 'id'],
    ['an id with SQL in it', "/v1/notes/1'%20OR%201=1", 'id'],
    ['an id with a NUL', '/v1/notes/%00', 'id'],
    ['a limit of 0', '/v1/notes?limit=0', 'limit'],
    ['a limit over its maximum', '/v1/notes?limit=101', 'limit'],
    ['a limit that is not a number', '/v1/notes?limit=ten', 'limit'],
    ['a limit of 1e9', '/v1/notes?limit=1e9', 'limit'],
    ['an empty limit', '/v1/notes?limit=', 'limit'],
    ['a repeated parameter', '/v1/notes?limit=1&limit=2', 'limit'],
    ['an unknown parameter', '/v1/notes?color=red', 'color'],
    ['a parameter called __proto__', '/v1/notes?__proto__=1', '__proto__'],
    ['a parameter with brackets', '/v1/notes?limit[$gt]=1', 'limit[$gt]'],
    ['a NUL', '/v1/notes?tag=a%00b', 'tag'],
    ['an invalid cursor', '/v1/notes?cursor=abc', 'cursor'],
    ['a cursor of another list', `/v1/notes?cursor=${Buffer.from('[5]').toString('base64url')}`, 'cursor'],
    ['a cursor over its maximum length', `/v1/notes?cursor=${'a'.repeat(2000)}`, 'cursor'],
  ])('%s', async (_name, path, parameter) => {
    expectProblem(await client.get(path), 400, 'request.invalid', parameter);
  });

  test('400 for a path that can not be decoded', async () => {
    expectProblem(await client.get('/v1/notes/%zz'), 400, 'request.invalid');
  });
});

describe('requests that reach no route', () => {
  test('404 for an unknown path or method', async () => {
    expectProblem(await client.get('/v1/nothing'), 404, 'route.not_found');
    expectProblem(await client.get('/'), 404, 'route.not_found');
    expectProblem(await client.put('/v1/notes', {}), 404, 'route.not_found');
    expectProblem(await client.get('/../../etc/passwd'), 404, 'route.not_found');
  });

  test('413 for a body over the limit', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
    expectProblem(await client.post('/v1/notes', large, json), 413, 'request.too_large');
  });

  test('414 for a long segment of the path', async () => {
    expectProblem(await client.get(`/v1/notes/${'a'.repeat(5000)}`), 414, 'request.uri_too_long');
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'nonsense',
  ])('415 for %s', async (type) => {
    expectProblem(
      await client.post('/v1/notes', '{"text":"a"}', { 'content-type': type }),
      415,
      'request.unsupported_media_type',
    );
  });

  test('415 for a form if the route accepts JSON', async () => {
    const form = new FormData();
    form.set('text', 'a');
    expectProblem(await client.post('/v1/notes', form), 415, 'request.unsupported_media_type');
  });

  test.each([
    ['400 for bytes that are not HTTP', 'NONSENSE\r\n\r\n', 400, 'request.invalid'],
    [
      '431 for headers over the limit',
      `GET /v1/notes HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'request.headers_too_large',
    ],
  ])('%s, with type and traceId', async (_name, bytes, status, code) => {
    const text = await sendBytes(bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain('application/problem+json');
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toEqual({
      type: expect.stringMatching(new RegExp(`^https?://.+/errors/${code}$`)) as string,
      title: expect.any(String) as string,
      status,
      detail: expect.any(String) as string,
      instance: '/',
      code,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
  });
});

test('accepts JSON with a charset or a suffix in its content type', async () => {
  for (const type of ['application/json; charset=utf-8', 'application/vnd.roost+json']) {
    const response = await client.post('/v1/notes', '{"text":"\\ud83d\\ude00 ok"}', { 'content-type': type });
    expect(response.status).toBe(201);
    expect(response.body.text).toBe('😀 ok');
  }
});

test('an unexpected error is a 500 without details of PostgreSQL', async () => {
  await service.query('ALTER TABLE note RENAME TO note_hidden');
  try {
    const response = await client.get('/v1/notes');
    expectProblem(response, 500, 'internal');
    expect(JSON.stringify(response.body)).not.toMatch(/note_hidden|42P01|relation|exist/);
  } finally {
    await service.query('ALTER TABLE note_hidden RENAME TO note');
  }
});

function sendBytes(bytes: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (part) => (text += part.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
