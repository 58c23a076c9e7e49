import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Holder {
  child: ChildProcess;
  url: string;
}

const holders = new Set<ChildProcess>();
const folders: string[] = [];

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'roost-embedded-'));
  folders.push(folder);
  return folder;
}

/** Runs a server in its own process; `prefix` precedes the command. */
export async function hold(
  part: 'postgres' | 'redis' | 'kafka',
  dataDir: string,
  options: { port?: number; prefix?: string[] } = {},
): Promise<Holder> {
  const main = new URL('./holder.ts', import.meta.url).pathname;
  const [command = '', ...args] = [
    ...(options.prefix ?? []),
    process.execPath,
    ...[
      '--conditions=@roost/source',
      '--import',
      new URL('../../../tools/register.js', import.meta.url).href,
    ],
    ...[main, part, dataDir, String(options.port ?? 0)],
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  holders.add(child);
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { url?: string; error?: string };
    if (message.error) throw new Error(message.error);
    return { child, url: message.url ?? '' };
  }
  throw new Error(`The holder ended without output: ${stderr}`);
}

export async function endHolder(holder: Holder, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  holders.delete(holder.child);
  if (holder.child.exitCode !== null || holder.child.signalCode !== null) return;
  const exit = once(holder.child, 'exit');
  holder.child.kill(signal);
  await exit;
}

export async function cleanUp(): Promise<void> {
  for (const child of holders) await endHolder({ child, url: '' });
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Listens on a port while `during` runs. */
export async function occupied<T>(during: (port: number) => Promise<T>): Promise<T> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await during((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}
