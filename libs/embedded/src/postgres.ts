import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { attend, type Attendant } from './attendant.js';
import { claimFolder } from './claim.js';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { freePort, portTaken } from './ports.js';
import { binaries, environment, passwordsIn, prepare, type Programs } from './postgres-cluster.js';
import { end, hasEnded, isAlive, worksIn } from './processes.js';
import { guiseFor, type Guise } from './unprivileged.js';

const ROLE = 'roost';
const READY_WITHIN_MS = 60_000;
const ORPHANS_GONE_WITHIN_MS = 10_000;
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

export interface PostgresOptions {
  /** Everything of this server lives here: cluster, password, log. */
  dataDir: string;
  /** Without it: any free port. */
  port?: number;
  /** Progress, one line each. */
  log?: (line: string) => void;
  /** For tests: faster, forgetful after a power cut, and the folder goes when this process goes. */
  temporary?: boolean;
}

export interface EmbeddedPostgres {
  port: number;
  logFile: string;
  /** For a role that may create databases but is no superuser, so that REVOKE means something. */
  url(database: string): string;
  /** Settles with a sentence when the server ends without having been asked to. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

const SETTINGS = {
  // Six services, each with a pool, a relay and room for a rolling restart.
  max_connections: '200',
  shared_buffers: '128MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  max_worker_processes: '4',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  idle_in_transaction_session_timeout: '30s',
  deadlock_timeout: '500ms',
  log_lock_waits: 'on',
  log_min_messages: 'warning',
  // Statements and key values are other people's data: they stay out of the log.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %d ',
};

const TEMPORARY_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum_naptime: '20s',
  max_connections: '400',
  log_error_verbosity: 'default',
};

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const programs = await binaries();
  const claim = claimFolder(options.dataDir);
  try {
    const folder = claim.folder;
    const cluster = join(folder, 'data');
    const logFile = join(folder, 'postgres.log');
    const guise = guiseFor(programs.postgres, folder);

    await endLeftover(cluster, log);
    const port = options.port || (await freePort());
    const taken = await portTaken(port, { patienceMs: claim.afterDeath ? 3_000 : 0, said: log });
    if (taken) {
      throw new EmbeddedError(`PostgreSQL can't use port ${port}: ${taken}; free it, or set another port.`);
    }
    const fresh = await prepare({ programs, guise, folder, cluster, log });
    const passwords = passwordsIn(folder);
    const started = await launchPatiently({
      programs,
      guise,
      folder,
      cluster,
      logFile,
      port,
      temporary: options.temporary,
    });
    if (fresh) await createRole(port, passwords);

    let stopping = false;
    const ended = new Promise<string>((resolve) => {
      started.child.once('exit', () => {
        if (!stopping)
          resolve(`PostgreSQL ended unexpectedly: ${lastWords(logFile, 0)} (more in ${logFile}).`);
      });
    });
    return {
      port,
      logFile,
      url: (database) => roleUrl(passwords.role, port, database),
      ended,
      stop: async () => {
        if (stopping) return;
        stopping = true;
        await end(started.pid, [
          { signal: 'SIGINT', withinMs: 20_000 },
          { signal: 'SIGQUIT', withinMs: 5_000 },
          { signal: 'SIGKILL', withinMs: 5_000 },
        ]);
        started.attendant.dismiss();
        if (options.temporary) rmSync(folder, { recursive: true, force: true });
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

export function roleUrl(password: string, port: number, database: string): string {
  return `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** A server that a killed Roost left behind, or the mark of one that is no longer there. */
async function endLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const mark = join(cluster, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(mark, 'utf8').split('\n');
  } catch {
    return;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  if (worksIn(pid, cluster)) {
    log('stopping the PostgreSQL that an earlier run left behind');
    await end(pid, [
      { signal: 'SIGINT', withinMs: 15_000 },
      { signal: 'SIGQUIT', withinMs: 10_000 },
    ]);
    if (isAlive(pid)) {
      throw new EmbeddedError(
        `An earlier PostgreSQL (process ${pid}) still runs on ${cluster}: stop it first.`,
      );
    }
  } else {
    // Somebody else may have got that number since, or a dead parent has not buried it; either makes PostgreSQL
    // refuse. It takes its own parent's number for a stale one, and still looks at the shared memory named below.
    writeFileSync(mark, [String(process.pid), ...lines.slice(1)].join('\n'));
  }
}

interface Launch {
  programs: Programs;
  guise: Guise;
  folder: string;
  cluster: string;
  logFile: string;
  port: number;
  temporary?: boolean;
}

interface Launched {
  child: ChildProcess;
  pid: number;
  attendant: Attendant;
}

/** When the whole server was killed, its orphaned backends need a moment to notice. */
async function launchPatiently(parts: Launch): Promise<Launched> {
  const deadline = performance.now() + ORPHANS_GONE_WITHIN_MS;
  for (;;) {
    try {
      return await launch(parts);
    } catch (error) {
      const orphans = error instanceof Error && /shared memory block|still in use/.test(error.message);
      if (!orphans || performance.now() > deadline) throw error;
      await pause(200);
    }
  }
}

async function launch(parts: Launch): Promise<Launched> {
  const { programs, guise, folder, cluster, logFile, port } = parts;
  const settings = { ...SETTINGS, ...(parts.temporary ? TEMPORARY_SETTINGS : {}), port: String(port) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...args] = [...guise.prefix, programs.postgres, '-D', cluster, ...flags] as [
    string,
    ...string[],
  ];
  const out = openLog(logFile);
  const logStart = fstatSync(out).size;
  // A session of its own: Ctrl-C goes to the terminal's whole process group, and the services need the
  // database until they have drained.
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(),
    detached: true,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  child.unref();
  let failure: string | null = null;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', () => (failure ??= lastWords(logFile, logStart)));
  const pid = child.pid;
  if (pid === undefined) {
    await pause(0);
    throw new EmbeddedError(`PostgreSQL can't be started: ${failure ?? 'the system gave no reason'}.`);
  }
  const attendant = attend(pid, {
    signal: 'INT',
    lastSignal: 'QUIT',
    removeFolder: parts.temporary ? folder : undefined,
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!isReady(cluster, pid)) {
    if (failure !== null) {
      attendant.dismiss();
      throw new EmbeddedError(
        `PostgreSQL does not start on ${cluster}: ${failure} (its log: ${logFile}). Mend the folder, or move it away to start empty.`,
      );
    }
    if (performance.now() > deadline) {
      await end(pid, [{ signal: 'SIGQUIT', withinMs: 5_000 }]);
      await hasEnded(pid, 1_000);
      attendant.dismiss();
      throw new EmbeddedError(
        `PostgreSQL was not ready within ${READY_WITHIN_MS / 1000} s; its log: ${logFile}.`,
      );
    }
    await pause(10);
  }
  return { child, pid, attendant };
}

function openLog(file: string): number {
  try {
    if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw new EmbeddedError(`Can't write PostgreSQL's log ${file} (${reasonOf(error)}).`);
  }
}

/** A killed server leaves a file that says "ready", too: it has to be ours. */
function isReady(cluster: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** What the log says at its end that explains why the server is gone. */
function lastWords(logFile: string, from: number): string {
  let text: string;
  try {
    const file = openSync(logFile, 'r');
    const start = Math.max(from, fstatSync(file).size - 8_192);
    const buffer = Buffer.alloc(8_192);
    text = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
    closeSync(file);
  } catch {
    return 'it left no log';
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const telling =
    lines.filter((line) => /FATAL|PANIC|error|could not|not permitted/i.test(line)).at(-1) ?? lines.at(-1);
  return telling?.replace(/^.*?(FATAL|PANIC|LOG|ERROR):\s*/, '').trim() || 'it gave no reason';
}

async function createRole(port: number, passwords: { superuser: string; role: string }): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: passwords.superuser,
    database: 'postgres',
  });
  await client.connect();
  try {
    await client.query(`CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${passwords.role}'`);
    await client.query(`GRANT pg_monitor, pg_signal_backend TO ${ROLE}`);
  } finally {
    await client.end();
  }
}
