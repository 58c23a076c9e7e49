import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOf } from '@roost/embedded';
import { z } from 'zod';
import { type Composition, composeEnvironment, URL_VARIABLES } from './environment.js';
import type { RunningServer } from './runtime.js';

const FILE = 'running.json';
const Instance = z.object({ pid: z.int(), settings: z.record(z.string(), z.string()) });

/** The settings that another process must share to reach the same servers. No secret is among them. */
const SHARED = [
  'ROOST_ENV',
  'PORT',
  'PUBLIC_URL',
  'JWKS_URL',
  'JWT_ISSUER',
  'REDIS_PREFIX',
  'PAYMENT_PROVIDERS',
];

/** Stores in the data folder where the servers of this process listen, for the commands of operators. */
export function storeInstance(composition: Composition, running: readonly RunningServer[]): void {
  const composed = composeEnvironment('gateway', composition);
  const settings: Record<string, string> = {};
  for (const name of [...SHARED, ...Object.values(URL_VARIABLES)]) {
    const value = composed[name];
    if (value !== undefined) settings[name] = value;
  }
  for (const { name, url } of running) {
    const variable = (URL_VARIABLES as Record<string, string>)[name.replace(/ provider$/, '')];
    if (variable) settings[variable] = url;
    if (name === 'gateway') settings.PORT = new URL(url).port;
  }
  const file = join(composition.dataDir, FILE);
  writeFileSync(`${file}.new`, JSON.stringify({ pid: process.pid, settings }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The settings of the Roost that runs on a data folder; null if none runs there, or it has not finished its start. */
export function runningInstance(dataDir: string): Readonly<Record<string, string>> | null {
  const owner = ownerOf(dataDir);
  if (owner === null) return null;
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8'));
  } catch {
    return null;
  }
  const { data } = Instance.safeParse(stored);
  // A file of an earlier process has the ports of that one.
  return data?.pid === owner ? data.settings : null;
}
