import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { default: config } = (await import(
  new URL('../../../.dependency-cruiser.mjs', import.meta.url).href
)) as {
  default: { forbidden: IForbiddenRuleType[]; options: ICruiseOptions };
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roost-imports-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The names of the rules that a repository with these files violates. */
async function violations(files: Record<string, string>): Promise<string[]> {
  for (const [path, imported] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), imported === '' ? 'export {};\n' : `export * from '${imported}';\n`);
  }
  const { tsConfig: _, ...options } = config.options;
  const { output } = await cruise(
    ['apps', 'libs'].filter((name) => Object.keys(files).some((path) => path.startsWith(name))),
    {
      ...options,
      baseDir: folder,
      ruleSet: { forbidden: config.forbidden },
      validate: true,
    },
  );
  return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))];
}

const bookings = 'apps/bookings/src';

test.each<[string, Record<string, string>, string]>([
  [
    'two files that import each other',
    { [`${bookings}/quote/a.ts`]: './b.js', [`${bookings}/quote/b.ts`]: './a.js' },
    'no-file-cycle',
  ],
  [
    'two folders that import each other',
    {
      'apps/payments/src/refund/a.ts': '../ledger/b.js',
      'apps/payments/src/ledger/b.ts': '',
      'apps/payments/src/ledger/c.ts': '../refund/d.js',
      'apps/payments/src/refund/d.ts': '',
    },
    'no-folder-cycle',
  ],
  ...(['booking', 'quote', 'feed'] as const).map((above): [string, Record<string, string>, string] => [
    `the calendar that imports ${above}`,
    { [`${bookings}/calendar/a.ts`]: `../${above}/b.js`, [`${bookings}/${above}/b.ts`]: '' },
    'bookings-calendar',
  ]),
  [
    'the calendar that imports a change',
    { [`${bookings}/calendar/a.ts`]: '../booking/change/b.js', [`${bookings}/booking/change/b.ts`]: '' },
    'bookings-calendar',
  ],
  [
    'terms that import the calendar',
    { [`${bookings}/terms/a.ts`]: '../calendar/b.js', [`${bookings}/calendar/b.ts`]: '' },
    'bookings-terms',
  ],
])('rejects %s', async (_violation, files, rule) => {
  expect(await violations(files)).toContain(rule);
});

test('accepts a booking that imports the calendar', async () => {
  const files = { [`${bookings}/booking/a.ts`]: '../calendar/b.js', [`${bookings}/calendar/b.ts`]: '' };
  expect(await violations(files)).toEqual([]);
});

test('the folders of the rules exist', () => {
  const named = config.forbidden.flatMap(({ from }) => (from as { path?: string }).path ?? []);
  const folders = named.flatMap((path) => /^\^(apps\/bookings\/src\/[a-z-]+)\/$/.exec(path)?.[1] ?? []);
  expect(folders.length).toBeGreaterThan(5);
  for (const path of folders) expect(() => writeFileSync(join(root, path), '')).toThrow('EISDIR');
});
