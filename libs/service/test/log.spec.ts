import { testUser, startTestService, type TestService } from '@roost/testing';
import { createLogger, Health } from '@roost/platform';
import { startService, type RunningService } from '@roost/service';
import { notes } from './notes/src/service.js';

interface Line {
  level: string;
  msg: string;
  [field: string]: unknown;
}

const lines: Line[] = [];
let service: TestService;
let running: RunningService;

beforeAll(async () => {
  service = await startTestService(notes);
  const logger = createLogger('notes', 'info', {
    write: (text: string) => void lines.push(JSON.parse(text) as Line),
  });
  running = await startService(notes, { env: service.env, bus: service.bus, logger });
});
afterAll(async () => {
  await running?.close();
  await service?.close();
});

const lineOf = async (requestId: string): Promise<Line[]> => {
  // The line is written after the response.
  for (;;) {
    const found = lines.filter((line) => line.requestId === requestId);
    if (found.some(({ msg }) => msg === 'request')) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test('writes one line per request, without its contents', async () => {
  const user = testUser();
  await fetch(`${running.url}/v1/notes?tag=private`, {
    method: 'GET',
    headers: { authorization: `Bearer ${user.token}`, 'x-request-id': 'r1', cookie: 'session=secret' },
  });
  const [line, ...others] = await lineOf('r1');
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    level: 'info',
    msg: 'request',
    service: 'notes',
    method: 'GET',
    route: '/v1/notes',
    status: 200,
    userId: user.id,
    durationMs: expect.any(Number) as number,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
  expect(JSON.stringify(line)).not.toMatch(/private|secret|Bearer|eyJ/);
});

test('the line of a problem has its code and the fields of the use case', async () => {
  const user = testUser();
  await fetch(`${running.url}/v1/notes/0198c0de-0000-7000-8000-000000000000`, {
    headers: { authorization: `Bearer ${user.token}`, 'x-request-id': 'r2' },
  });
  expect((await lineOf('r2'))[0]).toMatchObject({
    route: '/v1/notes/:id',
    status: 404,
    code: 'route.not_found',
    noteId: '0198c0de-0000-7000-8000-000000000000',
  });
});

test('an unexpected error has a line of its own, without the statement and its values', async () => {
  await service.query('ALTER TABLE note RENAME TO note_hidden');
  await fetch(`${running.url}/v1/notes`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${testUser().token}`,
      'content-type': 'application/json',
      'x-request-id': 'r3',
    },
    body: JSON.stringify({ text: 'my diary' }),
  });
  await service.query('ALTER TABLE note_hidden RENAME TO note');
  const [failure, request] = await lineOf('r3');
  expect(failure).toMatchObject({
    level: 'error',
    msg: 'request failed',
    err: { message: 'PostgreSQL 42P01' },
  });
  expect(request).toMatchObject({ level: 'warn', status: 500, code: 'internal' });
  expect(JSON.stringify([failure, request])).not.toMatch(/diary|insert into/i);
});

test('a part that stops and starts working is logged once each, with the reason', async () => {
  const written: Line[] = [];
  const logger = createLogger('notes', 'info', {
    write: (text: string) => void written.push(JSON.parse(text) as Line),
  });
  const health = new Health(logger);
  let works = false;
  health.add('broker', () => {
    if (!works) throw new Error('The broker does not respond');
  });
  await health.report();
  await health.report();
  works = true;
  await health.report();
  await health.report();
  expect(written).toMatchObject([
    { level: 'warn', msg: 'not ready', part: 'broker', err: { message: 'The broker does not respond' } },
    { level: 'info', msg: 'ready again', part: 'broker' },
  ]);
});

test('redacts secrets', () => {
  const written: string[] = [];
  const logger = createLogger('notes', 'info', { write: (text: string) => void written.push(text) });
  logger.info({ password: 'p4ss', user: { email: 'ann@example.com', accessToken: 'eyJ' } }, 'test');
  expect(written.join()).not.toMatch(/p4ss|ann@|eyJ/);
});

test('logs only the safe fields of an error', () => {
  const written: string[] = [];
  const logger = createLogger('notes', 'info', { write: (text: string) => void written.push(text) });
  const error = Object.assign(new Error("insert into note values ('my diary') - duplicate key"), {
    code: '23505',
    detail: 'Key (text)=(my diary) already exists.',
  });
  logger.error({ err: error }, 'test');
  expect(JSON.parse(written.join())).toMatchObject({ err: { message: 'PostgreSQL 23505', code: '23505' } });
  expect(written.join()).not.toContain('diary');
});
