import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedFolder } from '@roost/embedded';

const execute = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('../barman-cloud/requirements.txt', import.meta.url));
const INSTALLED_WITHIN_MS = 300_000;

/** The variables with which a shell finds the programs of barman-cloud. The first call installs them with pip. */
export async function barmanCloud(): Promise<{ PATH: string; PYTHONPATH: string }> {
  // Some libraries are compiled for one version of Python.
  const { stdout: version } = await execute('python3', ['--version']);
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(version).digest('hex');
  // Not a virtual environment: its programs contain the path of the folder, which is renamed when it is complete.
  const folder = await cachedFolder(`barman-cloud-${hash.slice(0, 12)}`, install);
  return { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter), PYTHONPATH: folder };
}

async function install(folder: string): Promise<void> {
  process.stderr.write('installing barman-cloud with pip (once)\n');
  const args = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  try {
    await execute('python3', ['-m', 'pip', ...args, '--target', folder, '--requirement', REQUIREMENTS], {
      timeout: INSTALLED_WITHIN_MS,
    });
  } catch (error) {
    throw new Error('barman-cloud could not be installed: it needs Python 3.10 or newer with pip.', {
      cause: error,
    });
  }
}
