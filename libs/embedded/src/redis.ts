import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startWatchdog } from './watchdog.js';
import { claimFolder } from './claim.js';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { stopLeftover } from './leftover-process.js';
import { findOnPath } from './find-on-path.js';
import { freePort, portTaken } from './ports.js';
import { end } from './processes.js';

const run = promisify(execFile);

const SERVERS = ['redis-server', 'valkey-server'];
const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** The time limit of an answer also runs while modules are loaded, which blocks the event loop. */
const ANSWER_TRIES = 3;
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

export interface RedisOptions {
  dataDir: string;
  /** Without it: any free port. */
  port?: number;
  /** An existing server to use; no server is started then. */
  url?: string;
  log?: (line: string) => void;
  /** For tests: nothing is persisted, and the folder is deleted with this process. */
  temporary?: boolean;
}

export interface EmbeddedRedis {
  url: string;
  /** Null if the server was not started here. */
  port: number | null;
  /** Resolves with a sentence if the server ends without `stop()`. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const log = options.log ?? (() => undefined);
  if (options.url) return useExisting(options.url);
  const program = findOnPath(SERVERS) ?? (await install(log));
  const claim = claimFolder(options.dataDir);
  try {
    const folder = claim.folder;
    const pidFile = join(folder, 'redis.pid');
    const logFile = join(folder, 'redis.log');
    await stopLeftover('Redis', pidFile, folder, { withinMs: STOPPED_WITHIN_MS, log });
    const port = options.port || (await freePort());
    const taken = await portTaken(port, { patienceMs: claim.afterCrash ? 3_000 : 0, log });
    if (taken) throw new EmbeddedError(`Redis can't use port ${port}: ${taken}; free it, or set REDIS_URL.`);

    const password = passwordIn(folder);
    const configFile = join(folder, 'redis.conf');
    // A file, because all users can read the arguments of a process.
    writeFileSync(
      configFile,
      configuration({ folder, port, password, pidFile, temporary: options.temporary }),
      {
        mode: 0o600,
      },
    );
    if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
    const out = openSync(logFile, 'a', 0o600);
    const child = spawn(program, [configFile], { cwd: folder, detached: true, stdio: ['ignore', out, out] });
    closeSync(out);
    child.unref();
    let failure: string | null = null;
    child.once('error', (error) => (failure = error.message));
    child.once('exit', () => (failure ??= exitReason(logFile)));
    const pid = child.pid;
    if (pid === undefined) {
      await pause(0);
      throw new EmbeddedError(
        `Redis (${program}) can't be started: ${failure ?? 'the system gave no reason'}.`,
      );
    }
    const watchdog = startWatchdog(pid, {
      signal: 'TERM',
      lastSignal: 'KILL',
      removeFolder: options.temporary ? folder : undefined,
    });
    const url = redisUrl(password, port);
    const deadline = performance.now() + READY_WITHIN_MS;
    while ((await ping(url)) !== '+PONG') {
      if (failure !== null || performance.now() > deadline) {
        await end(pid, [{ signal: 'SIGKILL', withinMs: 1_000 }]);
        watchdog.stop();
        throw new EmbeddedError(
          `Redis does not start on ${folder}: ${failure ?? 'it does not respond'} (its log: ${logFile}). Repair the folder, or move it away.`,
        );
      }
      await pause(10);
    }
    let stopping = false;
    const ended = new Promise<string>((resolve) => {
      child.once('exit', () => {
        if (!stopping) resolve(`Redis ended unexpectedly: ${exitReason(logFile)} (more in ${logFile}).`);
      });
    });
    return {
      url,
      port,
      ended,
      stop: async () => {
        if (stopping) return;
        stopping = true;
        await end(pid, [
          { signal: 'SIGTERM', withinMs: STOPPED_WITHIN_MS },
          { signal: 'SIGKILL', withinMs: 5_000 },
        ]);
        watchdog.stop();
        rmSync(pidFile, { force: true });
        if (options.temporary) rmSync(folder, { recursive: true, force: true });
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function useExisting(url: string): Promise<EmbeddedRedis> {
  let answer: string = TIMED_OUT;
  try {
    for (let tries = 0; answer === TIMED_OUT && tries < ANSWER_TRIES; tries += 1) answer = await ping(url);
  } catch {
    throw new EmbeddedError(
      'REDIS_URL is not a URL of the form redis://[[user]:password@]host[:port][/number].',
    );
  }
  const host = new URL(url).host;
  if (answer !== '+PONG') {
    throw new EmbeddedError(
      `The Redis of REDIS_URL (${host}) does not answer: ${answer || 'no connection'}; start it, or unset REDIS_URL to let Roost start one.`,
    );
  }
  return { url, port: null, ended: new Promise(() => undefined), stop: async () => undefined };
}

const TIMED_OUT = `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`;

/** The last line of the response to PING; empty without a connection; `TIMED_OUT` without an answer. */
async function ping(address: string): Promise<string> {
  const url = new URL(address);
  if (url.protocol === 'rediss:') return '+PONG';
  if (url.protocol !== 'redis:') throw new TypeError('not a Redis URL');
  const words = [decodeURIComponent(url.username), decodeURIComponent(url.password)].filter(
    (word) => word !== '',
  );
  const command = (parts: string[]) =>
    `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
  const auth = words.length > 0 ? command(['AUTH', ...words]) : '';
  return await new Promise((resolve) => {
    const expected = auth ? 2 : 1;
    let text = '';
    const socket = connect({ host: url.hostname, port: Number(url.port || 6379) });
    const finish = () => {
      socket.destroy();
      resolve(text.trim().split('\r\n').at(-1) ?? '');
    };
    // The answer may have arrived while the process loaded code: it is read before the time counts as over.
    socket.setTimeout(ANSWER_TIMEOUT_MS, () =>
      setImmediate(() => {
        if (text === '') text = TIMED_OUT;
        finish();
      }),
    );
    socket.on('error', finish);
    socket.on('connect', () => socket.write(auth + command(['PING'])));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.split('\r\n').length > expected || text.startsWith('-')) finish();
    });
    socket.on('close', finish);
  });
}

async function install(log: (line: string) => void): Promise<string> {
  const apt = findOnPath(['apt-get']) !== null;
  const asRoot = process.getuid?.() === 0;
  const steps =
    apt && asRoot
      ? ['apt-get update', 'apt-get install -y --no-install-recommends redis-server']
      : findOnPath(['brew']) !== null
        ? ['brew install redis']
        : null;
  if (steps === null) {
    const command = apt
      ? 'sudo apt-get install redis-server'
      : 'see https://redis.io/docs/latest/operate/oss_and_stack/install/';
    throw new EmbeddedError(
      `Roost needs Redis 7 or Valkey, and there is no redis-server or valkey-server on PATH: install it (${command}), or set REDIS_URL to one that runs.`,
    );
  }
  log(`there is no Redis on this machine: installing it with "${steps.at(-1)}"`);
  for (const step of steps) {
    const [command, ...args] = step.split(' ') as [string, ...string[]];
    try {
      await run(command, args, {
        timeout: 300_000,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch (error) {
      // An outdated package list may still contain the package.
      if (step !== steps.at(-1)) continue;
      const output = String((error as { stderr?: string }).stderr ?? '')
        .trim()
        .split('\n')
        .at(-1);
      throw new EmbeddedError(
        `Redis could not be installed: "${step}" failed (${output || reasonOf(error)}); install it yourself, or set REDIS_URL to one that runs.`,
      );
    }
  }
  const program = findOnPath(SERVERS);
  if (program === null) {
    throw new EmbeddedError(
      'Redis was installed, but redis-server is still not on PATH: add it, or set REDIS_URL.',
    );
  }
  return program;
}

export function redisUrl(password: string, port: number): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

function passwordIn(folder: string): string {
  const file = join(folder, 'redis.password');
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function configuration(parts: {
  folder: string;
  port: number;
  password: string;
  pidFile: string;
  temporary?: boolean;
}): string {
  const quoted = (text: string) => JSON.stringify(text);
  return [
    'bind 127.0.0.1',
    `port ${parts.port}`,
    `requirepass ${parts.password}`,
    `dir ${quoted(parts.folder)}`,
    `pidfile ${quoted(parts.pidFile)}`,
    'daemonize no',
    'save ""',
    `appendonly ${parts.temporary ? 'no' : 'yes'}`,
    'appendfsync everysec',
    // Jobs must not be evicted.
    'maxmemory-policy noeviction',
    // Each service under test uses its own database number.
    `databases ${parts.temporary ? 4096 : 16}`,
    'loglevel notice',
    '',
  ].join('\n');
}

function exitReason(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-30);
    const errorLine =
      lines.filter((line) => /# |error|bad|fatal|can't|could not/i.test(line)).at(-1) ?? lines.at(-1);
    return errorLine?.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ [#*.-] /, '').trim() || 'no reason in the log';
  } catch {
    return 'there is no log';
  }
}
