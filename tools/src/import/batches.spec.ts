import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Batches, type Result } from './batches.js';
import { Operator } from './operator.js';

interface Row {
  n: number;
  text?: string;
}

type Handler = (rows: Row[], res: ServerResponse, token: string) => void;

let server: Server;
let url: string;
let handle: Handler;
let tokens = 0;
const calls: { path: string; rows: Row[]; bytes: number }[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    void json(req).then((body) => {
      if (req.url === '/dev/users') return answer(res, 201, { accessToken: `dev-${(tokens += 1)}` });
      const rows = (body as { rows: Row[] }).rows;
      calls.push({ path: req.url ?? '', rows, bytes: Number(req.headers['content-length']) });
      handle(rows, res, (req.headers.authorization ?? '').replace('Bearer ', ''));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  calls.length = 0;
  handle = (rows, res) => created(rows, res);
});

function answer(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const result = (n: number): Result => ({
  id: `id-${n}`,
  outcome: 'created',
  code: null,
  pointer: null,
  detail: null,
});
const created = (rows: Row[], res: ServerResponse) =>
  answer(res, 200, { results: rows.map(({ n }) => result(n)) });

async function send(rows: Row[], token: string | undefined = 'operator'): Promise<Map<number, Result>> {
  const results = new Map<number, Result>();
  const batches = new Batches<Row>(await Operator.at(url, token), {
    path: '/v1/admin/imports/things',
    maxRows: 10,
    body: (packed) => `{"source":"test","rows":[${packed.join(',')}]}`,
    results: (body) => (body as { results: Result[] }).results,
    onResult: (row, result) => {
      if (results.has(row.n)) throw new Error(`two results for ${row.n}`);
      results.set(row.n, result);
    },
  });
  for (const row of rows) await batches.add(row);
  await batches.flush();
  return results;
}

const numbered = (count: number): Row[] => Array.from({ length: count }, (_, n) => ({ n }));

test('sends batches up to the row limit and reports a result per row', async () => {
  const results = await send(numbered(25));
  expect(calls.map(({ rows }) => rows.length)).toEqual([10, 10, 5]);
  expect([...results].every(([n, { id }]) => id === `id-${n}`)).toBe(true);
  expect(results.size).toBe(25);
});

test('sends batches of at most 1 MiB', async () => {
  await send(numbered(6).map((row) => ({ ...row, text: 'é'.repeat(200_000) })));
  expect(calls.map(({ rows }) => rows.length)).toEqual([2, 2, 2]);
  expect(Math.max(...calls.map(({ bytes }) => bytes))).toBeLessThan(1024 * 1024);
});

test.each([413, 400, 500])(
  'a batch refused whole with %d is halved until the row at fault stands alone',
  async (status) => {
    handle = (rows, res) => {
      if (rows.some(({ n }) => n === 13)) answer(res, status, { code: 'some.code', detail: 'Not this one' });
      else created(rows, res);
    };
    const results = await send(numbered(25));
    expect(results.get(13)).toEqual({
      id: null,
      outcome: 'refused',
      code: 'some.code',
      pointer: null,
      detail: 'Not this one',
    });
    expect([...results.values()].filter(({ outcome }) => outcome === 'created')).toHaveLength(24);
  },
);

test('fails when every row is rejected', async () => {
  handle = (_, res) => answer(res, 500, { code: 'internal.error', detail: 'Something went wrong' });
  await expect(send(numbered(200))).rejects.toThrow(
    /imports\/things rejected 20 consecutive rows \(500 internal.error/,
  );
});

test('waits as long as Retry-After says', async () => {
  handle = (rows, res) => {
    if (calls.length === 1) answer(res, 429, { code: 'rate.limited' }, { 'retry-after': '1' });
    else created(rows, res);
  };
  const before = performance.now();
  expect((await send(numbered(3))).size).toBe(3);
  expect(performance.now() - before).toBeGreaterThan(900);
});

test('sends a batch again when the response was lost', async () => {
  handle = (rows, res) => {
    if (calls.length === 1) res.destroy();
    else created(rows, res);
  };
  expect((await send(numbered(3))).size).toBe(3);
  expect(calls).toHaveLength(2);
});

test('replaces an expired token in development', async () => {
  const first = tokens + 1;
  handle = (rows, res, token) => {
    if (token === `dev-${first}`) answer(res, 401, { code: 'auth.invalid_token' });
    else created(rows, res);
  };
  const results = new Map<number, Result>();
  const batches = new Batches<Row>(await Operator.at(url, undefined), {
    path: '/v1/admin/imports/things',
    maxRows: 10,
    body: (packed) => `{"source":"test","rows":[${packed.join(',')}]}`,
    results: (body) => (body as { results: Result[] }).results,
    onResult: (row, result) => void results.set(row.n, result),
  });
  for (const row of numbered(3)) await batches.add(row);
  await batches.flush();
  expect(results.size).toBe(3);
});

test.each<[number, RegExp]>([
  [401, /does not accept the operator's token/],
  [403, /does not belong to an administrator/],
  [404, /has no \/v1\/admin\/imports\/things/],
])('%d ends the run with a sentence', async (status, sentence) => {
  handle = (_, res) => answer(res, status, { code: 'some.code' });
  await expect(send(numbered(3))).rejects.toThrow(sentence);
});
