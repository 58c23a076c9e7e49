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

test('a table lines up, numbers to the right', () => {
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
  [['demo', '--help'], /demo reset {2}Empties this Roost/],
  [['demo', 'reset', '--help'], /--yes {7}do not ask[^]*--json/],
])('%j helps', (args, help) => {
  expect(roost(...args)).toEqual({ status: 0, stdout: expect.stringMatching(help), stderr: '' });
});

test.each([
  [['nothing'], /There is no command "nothing"/],
  [['constructor'], /There is no command/],
  [['demo', 'nothing'], /"demo" has no "nothing"/],
  [['demo', 'toString'], /has no/],
  [['demo', 'reset', '--nothing'], /Unknown option '--nothing'/],
])('%j is refused with one sentence and the exit code 2', (args, sentence) => {
  expect(roost(...args)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(sentence) });
});

test('without --yes and nobody to ask, nothing is touched', () => {
  const { status, stdout, stderr } = roost('demo', 'reset', '--data-dir', '/nowhere/at/all');
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    'This empties the Roost in /nowhere/at/all, whatever it holds: add --yes to say that you mean it.\n',
  );
});
