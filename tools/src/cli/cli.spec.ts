import { spawnSync } from 'node:child_process';
import { table } from './command.js';

const file = (path: string) => new URL(path, import.meta.url);

function roost(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      file('../../register.js').href,
      file('./main.ts').pathname,
      ...args,
    ],
    { encoding: 'utf8', cwd: file('.').pathname, env: { PATH: process.env.PATH ?? '' } },
  );
  return { status, stdout, stderr };
}

test('aligns a table, with numbers to the right', () => {
  const rows = [
    { what: 'listings', count: 36 },
    { what: 'pictures', count: 132 },
  ];
  expect(table(rows)).toBe(
    ['what      count', '────────  ─────', 'listings     36', 'pictures    132'].join('\n'),
  );
  expect(table([])).toBe('Nothing.');
});

test.each([
  [['--help'], /npm run roost -- <command> <action>[^]*demo +The demo data/],
  [[], /npm run roost -- <command>/],
  [['demo', '--help'], /demo reset {2}Deletes everything/],
  [['webhooks', 'list', '--help'], /--limit.*\(default: 100\)/],
  [['webhooks', 'replay', '--help'], /--limit.*\(default: 10000\)/],
  [['demo', 'reset', '--help'], /--yes {7}do not ask[^]*--json/],
])('prints the help of %j', (args, help) => {
  expect(roost(...args)).toEqual({ status: 0, stdout: expect.stringMatching(help), stderr: '' });
});

test.each([
  [['nothing'], /There is no command "nothing"/],
  [['constructor'], /There is no command/],
  [['demo', 'nothing'], /"demo" has no "nothing"/],
  [['demo', 'toString'], /has no/],
  [['demo', 'reset', '--nothing'], /Unknown option '--nothing'/],
  [['restore', 'run'], /Pass a new data folder with --into/],
  [
    ['restore', 'run', '--into', '/nowhere', '--to', '2026-11-30 12:00'],
    /--to must be an instant with its time zone/,
  ],
  [['restore', 'mark'], /Pass the instant of the restore with --to/],
  [['restore', 'accept'], /Pass a --reason/],
  [['backup', 'keys'], /Pass the path of a new file/],
  [['backup', 'prune', '--from', '/nowhere', '--keep', '0'], /--keep must be a whole number/],
])('rejects %j with one sentence and exit code 2', (args, sentence) => {
  expect(roost(...args)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(sentence) });
});

test.each([
  [['backup', 'list'], /Pass the folder of the backups with --from, or set BACKUP_DIR/],
  [['backup', 'verify', '--from', '/nowhere/at/all'], /There is no backup in \/nowhere\/at\/all/],
  [
    ['backup', 'run', '--to', '/tmp', '--data-dir', '/nowhere/at/all'],
    /No Roost with its own PostgreSQL runs on/,
  ],
])('rejects %j with one sentence and exit code 1', (args, sentence) => {
  expect(roost(...args)).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(sentence) });
});

test('changes nothing without --yes and without a terminal', () => {
  const { status, stdout, stderr } = roost('demo', 'reset', '--data-dir', '/nowhere/at/all');
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe('This deletes everything in /nowhere/at/all: add --yes to confirm.\n');
});
