import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedFolder } from '@roost/embedded';

const execute = promisify(execFile);

const INSTALLED_WITHIN_MS = 300_000;

/** Programs of PyPI. `python/<name>.txt` has their versions, with hashes. */
type PythonProgram = 'barman-cloud' | 'schemathesis';

/** The variables with which a shell finds the programs. The first call installs them with pip. */
export async function pythonPrograms(name: PythonProgram): Promise<{ PATH: string; PYTHONPATH: string }> {
  const requirements = fileURLToPath(new URL(`../python/${name}.txt`, import.meta.url));
  // Some libraries are compiled for one version of Python.
  const { stdout: version } = await execute('python3', ['--version']);
  const hash = createHash('sha256').update(readFileSync(requirements)).update(version).digest('hex');
  // Not a virtual environment: its programs contain the path of the folder, which is renamed when it is complete.
  const folder = await cachedFolder(`${name}-${hash.slice(0, 12)}`, (target) =>
    install(name, requirements, target),
  );
  return { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter), PYTHONPATH: folder };
}

async function install(name: PythonProgram, requirements: string, folder: string): Promise<void> {
  process.stderr.write(`installing ${name} with pip (once)\n`);
  const args = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  try {
    await execute('python3', ['-m', 'pip', ...args, '--target', folder, '--requirement', requirements], {
      timeout: INSTALLED_WITHIN_MS,
    });
  } catch (error) {
    throw new Error(`${name} could not be installed: it needs Python 3.10 or newer with pip.`, {
      cause: error,
    });
  }
}
