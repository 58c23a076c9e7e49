import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aPort } from '@roost/testing';

export type Env = Record<string, string>;

const path = (file: string) => new URL(file, import.meta.url).pathname;
const MAIN = path('../src/main.ts');
export const DISTRIBUTED = path('../src/distributed/main.ts');
export const TOUR = path('../../../tools/src/tour/main.ts');
export const IMPORT = path('../../../tools/src/import/main.ts');
const processes = new Set<ChildProcess>();
const folders: string[] = [];

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'roost-standalone-'));
  folders.push(folder);
  return folder;
}

export async function cleanUp(): Promise<void> {
  for (const child of processes) await ended(child, 'SIGKILL');
  processes.clear();
  for (const folder of folders.splice(0)) {
    // The attendants of a killed Roost may still be at work in it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** A data folder and ports that nobody else uses; without the demo data, which takes its time. */
export async function aPlace(): Promise<Env> {
  const port = async () => String(await aPort());
  const address = async () => `http://127.0.0.1:${await port()}`;
  return {
    ROOST_DATA_DIR: join(aFolder(), 'data'),
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
  /** Everything it has said. */
  output(): string;
  /** Settles when it has said this, or fails when it ends without. */
  says(what: RegExp | string): Promise<void>;
  /** Its exit code, once it has ended by itself or by this signal. */
  ends(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs `npm start` for real, without npm; or another command. */
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
    { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  processes.add(child);
  let text = '';
  let over = false;
  const listeners = new Set<() => void>();
  const heard = (chunk?: Buffer) => {
    text += chunk?.toString() ?? '';
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  child.once('close', () => {
    over = true;
    heard();
  });
  return {
    child,
    output: () => text,
    says: (what) =>
      new Promise((resolve, reject) => {
        const listen = () => {
          if (typeof what === 'string' ? text.includes(what) : what.test(text)) {
            listeners.delete(listen);
            resolve();
          } else if (over) {
            listeners.delete(listen);
            reject(new Error(`It ended without saying ${what}:\n${text}`));
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

export function postmasterOf(env: Env): number {
  return Number(
    readFileSync(join(env.ROOST_DATA_DIR ?? '', 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
  );
}

export function redisOf(env: Env): number {
  return Number(readFileSync(join(env.ROOST_DATA_DIR ?? '', 'redis', 'redis.pid'), 'utf8'));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A dead process that nobody has waited for still answers to signals.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
