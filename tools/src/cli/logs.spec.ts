import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const file = (path: string) => new URL(path, import.meta.url);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const LOG = [
  {
    level: 'info',
    time: '2027-01-01T10:00:00.000Z',
    service: 'gateway',
    msg: 'request',
    status: 200,
    traceId: TRACE,
  },
  {
    level: 'warn',
    time: '2027-01-01T10:01:00.000Z',
    service: 'bookings',
    msg: 'request',
    code: 'booking.dates_unavailable',
  },
  {
    level: 'info',
    time: '2027-01-01T10:02:00.000Z',
    service: 'payments',
    msg: 'event',
    traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
  },
  { level: 50, time: 1798884180000, name: 'sandbox', msg: 'lost' },
].map((entry) => JSON.stringify(entry));

function logs(input: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      file('../../register.js').href,
      file('./main.ts').pathname,
      'logs',
      ...args,
    ],
    { encoding: 'utf8', input, cwd: file('.').pathname, env: { PATH: process.env.PATH ?? '' } },
  );
  return { status, stderr, lines: stdout.split('\n').slice(0, -1) };
}

const all = LOG.join('\n');

test('formats the lines of standard input, and shows other lines as they are', () => {
  const { status, lines } = logs(`${all}\nDATABASE_URL is missing`);
  expect(status).toBe(0);
  expect(lines[0]).toMatch(/^10:00:00\.000 gateway +│ info {2}request status=200$/);
  expect(lines[1]).toMatch(/bookings +│ warn {2}request code=booking\.dates_unavailable$/);
  expect(lines[3]).toMatch(/sandbox +│ error lost$/);
  expect(lines[4]).toMatch(/│ DATABASE_URL is missing$/);
});

test.each([
  [
    ['--service', 'bookings,payments'],
    [1, 2],
  ],
  [
    ['--level', 'warn'],
    [1, 3],
  ],
  [
    ['--trace', TRACE],
    [0, 2],
  ],
  [['--code', 'booking.dates_unavailable'], [1]],
  [
    ['--since', '2027-01-01T10:01:30Z'],
    [2, 3],
  ],
])('%j selects lines', (args, selected) => {
  const { lines } = logs(`${all}\nno entry`, ...args, '--json');
  expect(lines.map((line) => LOG.indexOf(line))).toEqual(selected);
});

test('reads files, also those with names of containers in front of the lines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-logs-'));
  try {
    const path = join(folder, 'compose.log');
    writeFileSync(path, `bookings-1  | ${LOG[1]}\n`);
    expect(logs('', path).lines).toEqual([expect.stringMatching(/^10:01:00\.000 bookings +│ warn/)]);
    expect(logs('', join(folder, 'missing.log'))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/missing\.log can't be read \(ENOENT\)/) as string,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [['--level', 'loud'], /--level must be one of/],
  [['--trace', 'x'], /--trace must be the id/],
  [['--since', 'yesterday'], /--since must be an instant/],
  [['--follow'], /--follow needs one file/],
])('rejects %j with one sentence', (args, sentence) => {
  expect(logs('', ...args)).toMatchObject({ status: 2, stderr: expect.stringMatching(sentence) as string });
});
