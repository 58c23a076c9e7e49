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
import { attend, type Attendant } from './attendant.js';
import { claimFolder } from './claim.js';
import { EmbeddedError } from './embedded-error.js';
import { findJava, javaArguments, prepareBroker } from './kafka-broker.js';
import { kafkaJars } from './kafka-jars.js';
import { endLeftover } from './leftover.js';
import { freePort, portTaken } from './ports.js';
import { end } from './processes.js';

const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 20_000;
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;
const ADDRESS = /^[\w.-]+:\d{1,5}$|^\[[\da-fA-F:.]+\]:\d{1,5}$/;

export interface KafkaOptions {
  /** Everything of this broker lives here: settings, topics, log. */
  dataDir: string;
  /** Without it: any free port. */
  port?: number;
  /** Where clients are told to go, when something stands between (a wire that a test cuts). */
  advertisedPort?: number;
  /** Brokers that are already there (`host:port`, comma-separated): nothing is started then. */
  brokers?: string;
  log?: (line: string) => void;
  /** For tests: lines of server.properties that are added, or stand for those of Roost. */
  properties?: Readonly<Record<string, string>>;
  /** For tests: more for Kafka's StorageTool when it makes the folder. */
  formatArguments?: readonly string[];
  /** For tests: quick to join a group, and the folder goes when this process goes. */
  temporary?: boolean;
}

export interface EmbeddedKafka {
  /** `host:port`, comma-separated. */
  brokers: string;
  /** Null when the brokers are not ours. */
  port: number | null;
  /** The broker's process; null when the brokers are not ours. */
  pid: number | null;
  /** Null when the brokers are not ours. */
  logFile: string | null;
  /** Settles with a sentence when the broker ends without having been asked to. */
  ended: Promise<string>;
  /** `keepFolder`: also a temporary broker's, for the next start on it. */
  stop(options?: { keepFolder?: boolean }): Promise<void>;
}

/** Apache Kafka (KRaft), one broker that listens on this machine only. */
export async function startKafka(options: KafkaOptions): Promise<EmbeddedKafka> {
  const log = options.log ?? (() => undefined);
  if (options.brokers) return useGiven(options.brokers);
  const java = await findJava();
  const jars = await kafkaJars(log);
  const claim = claimFolder(options.dataDir);
  try {
    const folder = claim.folder;
    const pidFile = join(folder, 'kafka.pid');
    const logFile = join(folder, 'kafka.log');
    await endLeftover('Kafka', pidFile, folder, { withinMs: STOPPED_WITHIN_MS, log });
    const port = options.port || (await freePort());
    const taken = await portTaken(port, { patienceMs: claim.afterDeath ? 3_000 : 0, said: log });
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
            `Kafka ended unexpectedly: ${whyOf(signal, logFile, started.logStart)} (more in ${logFile}).`,
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
        const forget = options.temporary === true && !keepFolder;
        await end(started.pid, [
          ...(forget ? [] : [{ signal: 'SIGTERM' as const, withinMs: STOPPED_WITHIN_MS }]),
          { signal: 'SIGKILL', withinMs: 5_000 },
        ]);
        started.attendant.dismiss();
        rmSync(pidFile, { force: true });
        if (forget) rmSync(folder, { recursive: true, force: true });
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface Launch {
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
  attendant: Attendant;
  /** Where this run begins in the log. */
  logStart: number;
}

async function launch(parts: Launch): Promise<Launched> {
  const { folder, pidFile, logFile } = parts;
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  const out = openSync(logFile, 'a', 0o600);
  const logStart = fstatSync(out).size;
  const [program = '', ...args] = parts.command;
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  child.unref();
  let failure: string | null = null;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (_code, signal) => (failure ??= whyOf(signal, logFile, logStart)));
  const pid = child.pid;
  if (pid === undefined) {
    await pause(0);
    throw new EmbeddedError(
      `Kafka (${program}) can't be started: ${failure ?? 'the system gave no reason'}.`,
    );
  }
  const attendant = attend(pid, {
    signal: 'TERM',
    lastSignal: 'KILL',
    removeFolder: parts.temporary ? folder : undefined,
  });
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(parts.brokers))) {
    if (failure !== null || performance.now() > deadline) {
      await end(pid, [{ signal: 'SIGKILL', withinMs: 5_000 }]);
      attendant.dismiss();
      rmSync(pidFile, { force: true });
      throw new EmbeddedError(
        `Kafka does not start on ${folder}: ${failure ?? 'it gives no answer'} (its log: ${logFile}). Mend the folder, or move it away to start empty.`,
      );
    }
    await pause(50);
  }
  return { child, pid, attendant, logStart };
}

/** Null when the brokers answer, for `groups` also who wants to join one, else why they don't. */
async function complaintOf(
  brokers: string,
  withinMs: number,
  { groups = false } = {},
): Promise<string | null> {
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
    if (cluster.brokers.length === 0) return 'it knows no broker';
    // Makes Kafka make its topic for groups, the first time.
    if (groups) await admin.describeGroups(['roost-embedded']);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await admin.disconnect();
  }
}

async function answers(brokers: string): Promise<boolean> {
  return (await complaintOf(brokers, 2_000, { groups: true })) === null;
}

async function useGiven(brokers: string): Promise<EmbeddedKafka> {
  const list = brokers.split(',').map((address) => address.trim());
  if (!list.every((address) => ADDRESS.test(address))) {
    throw new EmbeddedError(
      'KAFKA_BROKERS is not a comma-separated list of host:port, such as kafka-1:9092,kafka-2:9092.',
    );
  }
  const given = list.join(',');
  const complaint = await complaintOf(given, 5_000);
  if (complaint !== null) {
    throw new EmbeddedError(
      `The Kafka of KAFKA_BROKERS (${given}) does not answer: ${complaint}; start it, or unset KAFKA_BROKERS to let Roost start one.`,
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

/** Why the broker is gone: a signal, or what the log of this run says at its end. */
function whyOf(signal: NodeJS.Signals | null, logFile: string, from: number): string {
  if (signal !== null) return `it was ended by ${signal}`;
  if (!existsSync(logFile)) return 'it left no log';
  const lines = readFileSync(logFile)
    .subarray(from)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-60);
  const telling =
    lines.filter((line) => /^(Caused by: )?[\w.$]+(Exception|Error): /.test(line)).at(-1) ??
    lines.filter((line) => / (ERROR|FATAL) /.test(line)).at(-1) ??
    lines.at(-1);
  return telling?.replace(/^\S+ (ERROR|FATAL|WARN|INFO) /, '').trim() || 'it gave no reason';
}
