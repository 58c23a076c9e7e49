import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Finding {
  ruleId: string;
  message: string;
}

/** What ESLint says of `code` as if it stood at `path`: in a process of its own, exactly as `npm run lint` runs it. */
function lint(path: string, code: string): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['node_modules/eslint/bin/eslint.js', '--format', 'json', '--stdin', '--stdin-filename', path],
      { cwd: root },
      (error, stdout) => {
        if (!stdout) return reject(error ?? new Error('ESLint printed nothing'));
        const [file] = JSON.parse(stdout) as [{ messages: Finding[] }];
        resolve(file.messages);
      },
    );
    child.stdin?.end(code);
  });
}

const rule = 'apps/bookings/src/booking/domain/planted.ts';

// The rule for module boundaries reads Nx' stored project graph, and passes everything where there is none.
beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], {
    cwd: root,
  });
}, 60_000);

describe('each fence stops the violation planted in front of it', () => {
  it.each([
    [
      'an app that imports an app',
      'apps/bookings/src/planted.ts',
      `export { identity } from '@roost/app-identity';\n`,
      '@nx/enforce-module-boundaries',
    ],
    [
      'a lib that imports an app',
      'libs/platform/src/planted.ts',
      `export { identity } from '@roost/app-identity';\n`,
      '@nx/enforce-module-boundaries',
    ],
    [
      'a pure lib that imports a server lib',
      'libs/pricing/src/planted.ts',
      `export { Problem } from '@roost/platform';\n`,
      '@nx/enforce-module-boundaries',
    ],
    [
      'an import by path into another project',
      'apps/bookings/src/planted.ts',
      `export { x } from '../../../libs/money/src/index.js';\n`,
      '@nx/enforce-module-boundaries',
    ],
    [
      'a rule that imports the framework',
      rule,
      `import { Injectable } from '@nestjs/common';\nexport const x = Injectable;\n`,
      'no-restricted-imports',
    ],
    [
      'a rule that imports the ORM',
      rule,
      `import { raw } from '@mikro-orm/core';\nexport const x = raw;\n`,
      'no-restricted-imports',
    ],
    ['a rule that reads the clock', rule, `export const x = Date.now();\n`, 'no-restricted-properties'],
    [
      'a rule that takes the time from a new Date',
      rule,
      `export const x = new Date();\n`,
      'no-restricted-syntax',
    ],
    ['a rule that draws chance', rule, `export const x = Math.random();\n`, 'no-restricted-properties'],
    [
      'a pure lib that reads the clock',
      'libs/stay/src/planted.ts',
      `export const x = Date.now();\n`,
      'no-restricted-properties',
    ],
    ['console output in a service', 'apps/bookings/src/planted.ts', `console.log('x');\n`, 'no-console'],
    [
      'a hole in the types',
      'apps/bookings/src/planted.ts',
      `export const x = (y: any): unknown => y;\n`,
      '@typescript-eslint/no-explicit-any',
    ],
  ])('%s', async (_what, path, code, expected) => {
    const findings = await lint(path, code);
    expect(findings.map((finding) => finding.ruleId)).toContain(expected);
  });

  it('and lets honest code pass', async () => {
    expect(await lint(rule, `import { sum } from '@roost/money';\nexport const x = sum([1, 2]);\n`)).toEqual(
      [],
    );
  });
});
