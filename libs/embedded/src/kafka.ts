import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { startWatchdog, type Watchdog } from './watchdog.js';
import { claimFolder } from './claim.js';
import { EmbeddedError } from './embedded-error.js';
import { findJava, javaArguments, prepareBroker } from './kafka-broker.js';
import { kafkaJars } from './kafka-jars.js';
import { stopLeftover } from './leftover-process.js';
import { freePort, portTaken } from './ports.js';
import { end } from './processes.js';

const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 20_000;
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;
const ADDRESS = /^[\w.-]+:\d{1,5}$|^\[[\da-fA-F:.]+\]:\d{1,5}$/;

export interface KafkaOptions {
  /** Contains the settings, topics and log of the broker. */
  dataDir: string;
  /** Without it: any free port. */
  port?: number;
  /** The port that clients connect to, if a proxy is in front of the broker. */
  advertisedPort?: number;
  /** Existing brokers to use (`host:port`, comma-separated); no broker is started then. */
  brokers?: string;
  log?: (line: string) => void;
  /** For tests: lines of server.properties, which override those of Roost. */
  properties?: Readonly<Record<string, string>>;
  /** For tests: additional arguments of Kafka's StorageTool. */
  formatArguments?: readonly string[];
  /** For tests: groups are joined without a delay, and the folder is deleted with this process. */
  temporary?: boolean;
}

export interface EmbeddedKafka {
  /** `host:port`, comma-separated. */
  brokers: string;
  /** Null if the brokers were not started here. */
  port: number | null;
  /** The process id; null if the brokers were not started here. */
  pid: number | null;
  /** Null if the brokers were not started here. */
  logFile: string | null;
  /** Resolves with a sentence if the broker ends without `stop()`. */
  ended: Promise<string>;
  /** `keepFolder` also keeps the folder of a temporary broker, for the next start on it. */
  stop(options?: { keepFolder?: boolean }): Promise<void>;
}

/** Apache Kafka (KRaft), one broker that listens on this machine only. */
export async function startKafka(options: KafkaOptions): Promise<EmbeddedKafka> {
  const log = options.log ?? (() => undefined);
  if (options.brokers) return useExisting(options.brokers);
  const java = await findJava();
  const jars = await kafkaJars(log);
  const claim = claimFolder(options.dataDir);
  try {
    const folder = claim.folder;
    const pidFile = join(folder, 'kafka.pid');
    const logFile = join(folder, 'kafka.log');
    await stopLeftover('Kafka', pidFile, folder, { withinMs: STOPPED_WITHIN_MS, log });
    const port = options.port || (await freePort());
    const taken = await portTaken(port, { patienceMs: claim.afterCrash ? 3_000 : 0, log });
    if (taken)
      throw new EmbeddedError(`Kafka can't use port ${port}: ${taken}; free it, or set KAFKA_BROKERS.`);
    const controllerPort = await freePort();
    const { temporary, advertisedPort = port, properties, formatArguments } = options;
    const settings = {
      ...{ folder, port, advertisedPort, controllerPort, temporary },
      ...(properties ? { properties } : {}),
      ...(formatArguments ? { formatArguments } : {}),
    };
    const file = await prepareBroker(java, jars, settings, log);
    const started = await launch({
      command: [java, ...javaArguments(jars, folder, 'kafka.Kafka', [file])],
      folder,
      pidFile,
      logFile,
      brokers: `127.0.0.1:${port}`,
      temporary: options.temporary,
    });

    let stopping = false;
    const ended = new Promise<string>((resolve) => {
      started.child.once('exit', (_code, signal) => {
        if (!stopping)
          resolve(
            `Kafka ended unexpectedly: ${exitReason(signal, logFile, started.logStart)} (more in ${logFile}).`,
          );
      });
    });
    return {
      brokers: `127.0.0.1:${port}`,
      port,
      pid: started.pid,
      logFile,
      ended,
      stop: async ({ keepFolder = false } = {}) => {
        if (stopping) return;
        stopping = true;
        const deleteFolder = options.temporary === true && !keepFolder;
        await end(started.pid, [
          ...(deleteFolder ? [] : [{ signal: 'SIGTERM' as const, withinMs: STOPPED_WITHIN_MS }]),
          { signal: 'SIGKILL', withinMs: 5_000 },
        ]);
        started.watchdog.stop();
        rmSync(pidFile, { force: true });
        if (deleteFolder) rmSync(folder, { recursive: true, force: true });
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface LaunchOptions {
  command: string[];
  folder: string;
  pidFile: string;
  logFile: string;
  brokers: string;
  temporary?: boolean;
}

interface Launched {
  child: ChildProcess;
  pid: number;
  watchdog: Watchdog;
  /** The offset of this run in the log. */
  logStart: number;
}

async function launch(options: LaunchOptions): Promise<Launched> {
  const { folder, pidFile, logFile } = options;
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  const out = openSync(logFile, 'a', 0o600);
  const logStart = fstatSync(out).size;
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  child.unref();
  let failure: string | null = null;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (_code, signal) => (failure ??= exitReason(signal, logFile, logStart)));
  const pid = child.pid;
  if (pid === undefined) {
    await pause(0);
    throw new EmbeddedError(
      `Kafka (${program}) can't be started: ${failure ?? 'the system gave no reason'}.`,
    );
  }
  const watchdog = startWatchdog(pid, {
    signal: 'TERM',
    lastSignal: 'KILL',
    removeFolder: options.temporary ? folder : undefined,
  });
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(options.brokers))) {
    if (failure !== null || performance.now() > deadline) {
      await end(pid, [{ signal: 'SIGKILL', withinMs: 5_000 }]);
      watchdog.stop();
      rmSync(pidFile, { force: true });
      throw new EmbeddedError(
        `Kafka does not start on ${folder}: ${failure ?? 'it does not respond'} (its log: ${logFile}). Repair the folder, or move it away to start empty.`,
      );
    }
    await pause(50);
  }
  return { child, pid, watchdog, logStart };
}

/** Why the brokers do not respond; null if they do. With `groups`, they must also serve consumer groups. */
async function failureOf(brokers: string, withinMs: number, { groups = false } = {}): Promise<string | null> {
  const client = new Kafka({
    clientId: 'roost-embedded',
    brokers: brokers.split(','),
    connectionTimeout: withinMs,
    requestTimeout: withinMs,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin: Admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length === 0) return 'there is no broker in the cluster';
    // The first request makes Kafka create its topic for groups.
    if (groups) await admin.describeGroups(['roost-embedded']);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await admin.disconnect();
  }
}

async function isReady(brokers: string): Promise<boolean> {
  return (await failureOf(brokers, 2_000, { groups: true })) === null;
}

async function useExisting(brokers: string): Promise<EmbeddedKafka> {
  const list = brokers.split(',').map((address) => address.trim());
  if (!list.every((address) => ADDRESS.test(address))) {
    throw new EmbeddedError(
      'KAFKA_BROKERS is not a comma-separated list of host:port, such as kafka-1:9092,kafka-2:9092.',
    );
  }
  const given = list.join(',');
  const failure = await failureOf(given, 5_000);
  if (failure !== null) {
    throw new EmbeddedError(
      `The Kafka of KAFKA_BROKERS (${given}) does not answer: ${failure}; start it, or unset KAFKA_BROKERS to let Roost start one.`,
    );
  }
  return {
    brokers: given,
    port: null,
    pid: null,
    logFile: null,
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

/** Why the broker has ended: a signal, or the last error in the log of this run. */
function exitReason(signal: NodeJS.Signals | null, logFile: string, from: number): string {
  if (signal !== null) return `it was ended by ${signal}`;
  if (!existsSync(logFile)) return 'there is no log';
  const lines = readFileSync(logFile)
    .subarray(from)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-60);
  const errorLine =
    lines.filter((line) => /^(Caused by: )?[\w.$]+(Exception|Error): /.test(line)).at(-1) ??
    lines.filter((line) => / (ERROR|FATAL) /.test(line)).at(-1) ??
    lines.at(-1);
  return errorLine?.replace(/^\S+ (ERROR|FATAL|WARN|INFO) /, '').trim() || 'no reason in the log';
}
