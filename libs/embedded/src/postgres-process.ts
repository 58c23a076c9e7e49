import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { environment, type Programs } from './postgres-cluster.js';
import { end, hasEnded, isRunning, hasWorkingFolder } from './processes.js';
import type { RunAs } from './unprivileged.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

const READY_WITHIN_MS = 60_000;
const ORPHANS_END_WITHIN_MS = 10_000;
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

const SETTINGS = {
  // Six services, each with a pool, a relay and capacity for a rolling restart.
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
  // Statements and key values contain personal data and are not logged.
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
  // The folder may be in memory.
  max_wal_size: '256MB',
  max_wal_senders: '0',
  // It would visit each database of the specs. Specs that compare plans run ANALYZE.
  autovacuum: 'off',
  max_connections: '400',
  log_error_verbosity: 'default',
  // Passwords of tests need no slow hash.
  scram_iterations: '1',
};

/** Stops the server of a killed Roost, or makes its stale postmaster.pid harmless. */
export async function stopLeftoverPostgres(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(pidFile, 'utf8').split('\n');
  } catch {
    return;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  if (hasWorkingFolder(pid, cluster)) {
    log('stopping PostgreSQL of an earlier run');
    await end(pid, [
      { signal: 'SIGINT', withinMs: 15_000 },
      { signal: 'SIGQUIT', withinMs: 10_000 },
    ]);
    if (isRunning(pid)) {
      throw new EmbeddedError(
        `An earlier PostgreSQL (process ${pid}) still runs on ${cluster}: stop it first.`,
      );
    }
  } else {
    // The id may belong to another process now, or to a zombie; PostgreSQL does not start in either case. It treats the
    // id of its own parent as stale, and still checks the shared memory that the other lines name.
    writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
  }
}

export interface LaunchOptions {
  programs: Programs;
  runAs: RunAs;
  folder: string;
  cluster: string;
  logFile: string;
  port: number;
  temporary?: boolean;
  /** In addition to those of every server. */
  settings?: Readonly<Record<string, string>>;
  readyWithinMs?: number;
}

interface LaunchedPostgres {
  child: ChildProcess;
  pid: number;
  watchdog: Watchdog;
}

/** Starts PostgreSQL. Retries while orphaned backends of a killed server still end. */
export async function launchPostgres(options: LaunchOptions): Promise<LaunchedPostgres> {
  const deadline = performance.now() + ORPHANS_END_WITHIN_MS;
  for (;;) {
    try {
      return await launch(options);
    } catch (error) {
      const orphans = error instanceof Error && /shared memory block|still in use/.test(error.message);
      if (!orphans || performance.now() > deadline) throw error;
      await pause(200);
    }
  }
}

async function launch(options: LaunchOptions): Promise<LaunchedPostgres> {
  const { programs, runAs, folder, cluster, logFile, port } = options;
  const { readyWithinMs = READY_WITHIN_MS } = options;
  const settings = {
    ...SETTINGS,
    ...(options.temporary ? TEMPORARY_SETTINGS : {}),
    ...options.settings,
    port: String(port),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...args] = [...runAs.prefix, programs.postgres, '-D', cluster, ...flags] as [
    string,
    ...string[],
  ];
  const out = openLog(logFile);
  const logStart = fstatSync(out).size;
  // A session of its own: Ctrl-C reaches the process group of the terminal, and the services need the database until
  // they have drained.
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
  child.once('exit', () => (failure ??= exitReason(logFile, logStart)));
  const pid = child.pid;
  if (pid === undefined) {
    await pause(0);
    throw new EmbeddedError(`PostgreSQL can't be started: ${failure ?? 'the system gave no reason'}.`);
  }
  const watchdog = startWatchdog(pid, {
    signal: 'INT',
    lastSignal: 'QUIT',
    removeFolder: options.temporary ? folder : undefined,
  });
  const deadline = performance.now() + readyWithinMs;
  while (!isReady(cluster, pid)) {
    if (failure !== null) {
      watchdog.stop();
      throw new EmbeddedError(
        `PostgreSQL does not start on ${cluster}: ${failure} (its log: ${logFile}). Repair the folder, or move it away to start empty.`,
      );
    }
    if (performance.now() > deadline) {
      await end(pid, [{ signal: 'SIGQUIT', withinMs: 5_000 }]);
      await hasEnded(pid, 1_000);
      watchdog.stop();
      throw new EmbeddedError(
        `PostgreSQL was not ready within ${readyWithinMs / 1000} s; its log: ${logFile}.`,
      );
    }
    await pause(10);
  }
  return { child, pid, watchdog };
}

function openLog(file: string): number {
  try {
    if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw new EmbeddedError(`Can't write PostgreSQL's log ${file} (${reasonOf(error)}).`);
  }
}

/** Checks the process id as well: the file of a killed server also contains "ready". */
function isReady(cluster: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** The last error in the log, from the offset `from`. */
export function exitReason(logFile: string, from: number): string {
  let text: string;
  try {
    const file = openSync(logFile, 'r');
    const start = Math.max(from, fstatSync(file).size - 8_192);
    const buffer = Buffer.alloc(8_192);
    text = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
    closeSync(file);
  } catch {
    return 'there is no log';
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const errorLine =
    lines.filter((line) => /FATAL|PANIC|error|could not|not permitted/i.test(line)).at(-1) ?? lines.at(-1);
  return errorLine?.replace(/^.*?(FATAL|PANIC|LOG|ERROR):\s*/, '').trim() || 'no reason in the log';
}
