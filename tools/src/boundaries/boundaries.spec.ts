import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ESLint, type Linter } from 'eslint';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** One instance for all cases, with the configuration of `npm run lint`: most of its time is loading it. */
const eslint = new ESLint({ cwd: root });

/** The messages of ESLint for `code` as the content of the file `filePath`. */
async function lint(filePath: string, code: string): Promise<Linter.LintMessage[]> {
  const [result] = await eslint.lintText(code, { filePath });
  if (!result) throw new Error(`ESLint ignores ${filePath}`);
  return result.messages;
}

const moduleBoundaries = '@nx/enforce-module-boundaries';
const domainFile = 'apps/bookings/src/booking/domain/violation.ts';
const importOf = (module: string): string => `export * from '${module}';\n`;

// '@nx/enforce-module-boundaries' reads the stored project graph of Nx. Without a stored graph it reports nothing.
beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], {
    cwd: root,
  });
}, 60_000);

describe('ESLint rejects', () => {
  it.each([
    [
      'an app that imports an app',
      'apps/bookings/src/violation.ts',
      importOf('@roost/app-identity'),
      moduleBoundaries,
    ],
    [
      'a library that imports an app',
      'libs/platform/src/violation.ts',
      importOf('@roost/app-identity'),
      moduleBoundaries,
    ],
    [
      'a pure library that imports a server library',
      'libs/pricing/src/violation.ts',
      importOf('@roost/platform'),
      moduleBoundaries,
    ],
    [
      'platform that imports http',
      'libs/platform/src/violation.ts',
      importOf('@roost/http'),
      moduleBoundaries,
    ],
    [
      'messaging that imports http',
      'libs/messaging/src/violation.ts',
      importOf('@roost/http'),
      moduleBoundaries,
    ],
    ['http that imports graphql', 'libs/http/src/violation.ts', importOf('@roost/graphql'), moduleBoundaries],
    [
      'graphql that imports service',
      'libs/graphql/src/violation.ts',
      importOf('@roost/service'),
      moduleBoundaries,
    ],
    [
      'an import by path into another project',
      'apps/bookings/src/violation.ts',
      `export { x } from '../../../libs/money/src/index.js';\n`,
      moduleBoundaries,
    ],
    [
      'a domain file that imports the framework',
      domainFile,
      `import { Injectable } from '@nestjs/common';\nexport const x = Injectable;\n`,
      'no-restricted-imports',
    ],
    [
      'a domain file that imports the ORM',
      domainFile,
      `import { raw } from '@mikro-orm/core';\nexport const x = raw;\n`,
      'no-restricted-imports',
    ],
    [
      'a domain file that reads the clock',
      domainFile,
      `export const x = Date.now();\n`,
      'no-restricted-properties',
    ],
    [
      'a domain file that reads the time with new Date()',
      domainFile,
      `export const x = new Date();\n`,
      'no-restricted-syntax',
    ],
    [
      'a domain file that uses Math.random()',
      domainFile,
      `export const x = Math.random();\n`,
      'no-restricted-properties',
    ],
    [
      'a pure library that reads the clock',
      'libs/stay/src/violation.ts',
      `export const x = Date.now();\n`,
      'no-restricted-properties',
    ],
    ['console output in a service', 'apps/bookings/src/violation.ts', `console.log('x');\n`, 'no-console'],
    [
      'SQL in a service',
      'apps/bookings/src/quote/violation.service.ts',
      `export { sql } from '@mikro-orm/postgresql';\n`,
      '@typescript-eslint/no-restricted-imports',
    ],
    [
      'positional values of a statement',
      'apps/bookings/src/quote/violation.queries.ts',
      `export const x = (em: { execute: (...args: unknown[]) => void }) => em.execute('SELECT ?', [1]);\n`,
      'no-restricted-syntax',
    ],
    [
      'a function with five parameters',
      'apps/bookings/src/violation.ts',
      `export function x(a: 1, b: 1, c: 1, d: 1, e: 1) {\n  return [a, b, c, d, e];\n}\n`,
      'no-restricted-syntax',
    ],
    [
      'a constructor with eight parameters',
      'apps/bookings/src/violation.ts',
      `export class X {\n  constructor(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1) {\n    void [a, b, c, d, e, f, g, h];\n  }\n}\n`,
      'no-restricted-syntax',
    ],
    [
      'the type any',
      'apps/bookings/src/violation.ts',
      `export const x = (y: any): unknown => y;\n`,
      '@typescript-eslint/no-explicit-any',
    ],
  ])('%s', async (_violation, path, code, rule) => {
    const messages = await lint(path, code);
    expect(messages.map(({ ruleId }) => ruleId)).toContain(rule);
  });

  // This import closes no cycle, so only the tag can reject it.
  it('a library of the layer http that imports the layer graphql, by the tag of its layer', async () => {
    const messages = await lint('libs/accounts/src/violation.ts', importOf('@roost/graphql'));
    expect(messages).toMatchObject([
      { ruleId: moduleBoundaries, message: expect.stringContaining('"layer:http"') },
    ]);
  });
});

it('ESLint accepts a domain file that imports a pure library', async () => {
  const code = `import { sum } from '@roost/money';\nexport const x = sum([1, 2]);\n`;
  expect(await lint(domainFile, code)).toEqual([]);
});
