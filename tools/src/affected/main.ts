import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { affectedBy } from './affected.js';

const HELP = `Runs the specs of the projects that a change affects, as Nx computes them.

  npm run test:affected [-- options] [-- options of jest]

  --base REF     compare with this commit (default: main, or the environment variable NX_BASE)
  --suite NAME   test (default) or faults
  --list         run nothing; print what is affected as JSON: folders, cluster, images
  --help         print this help

Uncommitted changes count as well. A change outside of all projects, such as of package-lock.json, affects all of them.`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: 'string', default: process.env.NX_BASE?.trim() || 'main' },
    suite: { type: 'string', default: 'test' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else if (!['test', 'faults'].includes(values.suite)) {
  console.error(`There is no suite "${values.suite}": choose test or faults.`);
  process.exitCode = 2;
} else process.exitCode = run();

function run(): number {
  const files = changedFiles(values.base);
  const affected = affectedBy(files, affectedProjects(values.base), apps());
  if (values.list) {
    console.log(JSON.stringify(affected));
    return 0;
  }
  const { folders } = affected;
  if (folders.length === 0) {
    console.log(`Nothing that has specs changed since ${values.base}.`);
    return 0;
  }
  console.log(`${folders.length} folders are affected: ${folders.join(' ')}`);
  const script = values.suite === 'faults' ? 'test:faults' : 'test';
  const patterns = folders.map((folder) => `^${join(root, folder)}`);
  const args = ['run', '--silent', script, '--', '--passWithNoTests', ...positionals, ...patterns];
  return spawnSync('npm', args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function changedFiles(base: string): string[] {
  const [fork = base] = git('merge-base', base, 'HEAD');
  return [
    ...new Set([...git('diff', '--name-only', fork), ...git('ls-files', '--others', '--exclude-standard')]),
  ];
}

/** The folders of the affected projects. */
function affectedProjects(base: string): string[] {
  const nx = join(root, 'node_modules/.bin/nx');
  const options = { cwd: root, encoding: 'utf8' } as const;
  const names = JSON.parse(
    execFileSync(nx, ['show', 'projects', '--affected', `--base=${base}`, '--json'], options),
  ) as string[];
  return globSync(['apps/*/package.json', 'libs/*/package.json', 'tools/package.json'], { cwd: root })
    .filter((file) =>
      names.includes((JSON.parse(readFileSync(join(root, file), 'utf8')) as { name: string }).name),
    )
    .map(dirname);
}

/** The apps that run by themselves. */
function apps(): string[] {
  return globSync('apps/*', { cwd: root })
    .map((folder) => folder.slice('apps/'.length))
    .filter((app) => app !== 'standalone' && existsSync(join(root, 'apps', app, 'src/main.ts')))
    .sort();
}
