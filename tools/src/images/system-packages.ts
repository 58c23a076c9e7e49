import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ImagesError } from './images-error.js';

const run = promisify(execFile);

/** Debian's packages of the programs that this tool calls. */
const PACKAGES: Readonly<Record<string, string>> = {
  docker: 'docker.io',
  dockerd: 'docker.io',
  'docker-compose': 'docker-compose',
  debootstrap: 'debootstrap',
};

/** Installs what is missing, where we are root on a Debian; else says what to install. */
export async function need(programs: readonly string[], log: (line: string) => void): Promise<void> {
  const missing = programs
    .filter((program) => !isOnPath(program))
    .map((program) => PACKAGES[program] ?? program);
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new ImagesError(`Missing programs: install ${list} (on Debian: apt-get install ${list}).`);
  }
  log(`installing ${list}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new ImagesError(`${list} could not be installed: ${stderr?.trim().split('\n').at(-1) || message}`);
  }
}

function isOnPath(program: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
