import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePort } from '@roost/testing';

export type Env = Record<string, string>;

const path = (file: string) => new URL(file, import.meta.url).pathname;
const MAIN = path('../src/main.ts');
export const DISTRIBUTED = path('../src/distributed/main.ts');
export const TOUR = path('../../../tools/src/tour/main.ts');
export const IMPORT = path('../../../tools/src/import/main.ts');
const processes = new Set<ChildProcess>();
const folders: string[] = [];

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'roost-standalone-'));
  folders.push(folder);
  return folder;
}

export async function stopAll(): Promise<void> {
  for (const child of processes) await ended(child, 'SIGKILL');
  processes.clear();
  for (const folder of folders.splice(0)) {
    // Watchdogs of a killed Roost may still write to it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** A new data folder and unused ports, with the demo accounts but without the demo data. */
export async function freshEnvironment(): Promise<Env> {
  const port = async () => String(await reservePort());
  const address = async () => `http://127.0.0.1:${await port()}`;
  return {
    ROOST_DATA_DIR: join(freshFolder(), 'data'),
    ROOST_DEMO: 'accounts',
    PORT: await port(),
    METRICS_PORT: await port(),
    POSTGRES_PORT: await port(),
    REDIS_PORT: await port(),
    KAFKA_PORT: await port(),
    IDENTITY_URL: await address(),
    LISTINGS_URL: await address(),
    BOOKINGS_URL: await address(),
    PAYMENTS_URL: await address(),
    REVIEWS_URL: await address(),
    SANDBOX_URL: await address(),
  };
}

export interface Run {
  child: ChildProcess;
  /** Everything it has printed. */
  output(): string;
  /** Resolves once it has printed the text; rejects if it ends first. */
  prints(what: RegExp | string): Promise<void>;
  /** Its exit code, once it has ended by itself or by the signal. */
  ends(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs `npm start` without npm, or another program. */
export function run(env: Env, main = MAIN, args: string[] = []): Run {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(ROOST_|PORT$|LOG_LEVEL$|DATABASE_URL$|REDIS_URL$|KAFKA_|.*_URL$)/.test(name),
    ),
  );
  const child = spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      new URL('../../../tools/register.js', import.meta.url).href,
      main,
      ...args,
    ],
    { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  processes.add(child);
  let text = '';
  let hasEnded = false;
  const listeners = new Set<() => void>();
  const onOutput = (chunk?: Buffer) => {
    text += chunk?.toString() ?? '';
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', onOutput);
  child.stderr?.on('data', onOutput);
  child.once('close', () => {
    hasEnded = true;
    onOutput();
  });
  return {
    child,
    output: () => text,
    prints: (what) =>
      new Promise((resolve, reject) => {
        const listen = () => {
          if (typeof what === 'string' ? text.includes(what) : what.test(text)) {
            listeners.delete(listen);
            resolve();
          } else if (hasEnded) {
            listeners.delete(listen);
            reject(new Error(`The process ended before it printed ${what}:\n${text}`));
          }
        };
        listeners.add(listen);
        listen();
      }),
    ends: (signal) => ended(child, signal),
  };
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const close = once(child, 'close');
    if (signal) child.kill(signal);
    await close;
  }
  processes.delete(child);
  return child.exitCode;
}

export function postgresPid(env: Env): number {
  return Number(
    readFileSync(join(env.ROOST_DATA_DIR ?? '', 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
  );
}

export function redisPid(env: Env): number {
  return Number(readFileSync(join(env.ROOST_DATA_DIR ?? '', 'redis', 'redis.pid'), 'utf8'));
}

export function kafkaPid(env: Env): number {
  return Number(readFileSync(join(env.ROOST_DATA_DIR ?? '', 'kafka', 'kafka.pid'), 'utf8'));
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still accepts signals.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
