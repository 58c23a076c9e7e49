import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { goProgram } from '@roost/testing/go-program';

const HELP = `Lints what runs outside of Node: the workflows of GitHub (actionlint), every shell script, also those inside of
workflows (shellcheck), and the YAML files (yamllint, .yamllint.yaml).

  npm run lint:workflows             exits with 1 and one line per fault
  npm run lint:workflows -- --help   this text

The first run builds actionlint (it needs Go) and installs shellcheck and yamllint with apt-get, if they are missing.`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
if (values.help) console.log(HELP);
else {
  installPackages(['shellcheck', 'yamllint']);
  const passed = [
    run(goProgram('actionlint'), ['-color=false', ...globSync('.github/workflows/*.yml', { cwd: root })]),
    run('shellcheck', ['--external-sources', '--severity=warning', ...shellScripts()]),
    run('yamllint', ['--strict', '.']),
  ];
  if (passed.includes(false)) process.exitCode = 1;
  else console.log('Workflows, shell scripts and YAML files have no fault.');
}

function run(program: string, args: string[]): boolean {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}

/** The tracked files that a shell runs, by their name or first line. */
function shellScripts(): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /(?:\.sh|(?:^|\/)[^./]+)$/.test(file))
    .filter((file) => file.endsWith('.sh') || /^#!.*\b(?:ba|da)?sh\b/.test(firstLine(file)));
}

function firstLine(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8').split('\n', 1)[0] ?? '';
  } catch (error) {
    // A deleted file that is still in the index.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function installPackages(programs: readonly string[]): void {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = programs.filter((name) =>
    folders.every((folder) => globSync(join(folder, name)).length === 0),
  );
  if (missing.length === 0) return;
  const [program = '', ...args] = [
    ...(process.getuid?.() === 0 ? [] : ['sudo', '-n']),
    ...['apt-get', 'install', '--yes', '--quiet=2', '--no-install-recommends', ...missing],
  ];
  if (spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) return;
  console.error(`${missing.join(' and ')} could not be installed: install them, and run this again.`);
  process.exit(1);
}
