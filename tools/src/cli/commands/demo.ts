import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { claimFolder, EmbeddedError } from '@roost/embedded';
import { z } from 'zod';
import { type Call, type Command, type Output, Refusal, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';

const HEARD_MS = 10_000;
const LOADED_MS = 10 * 60_000;

/** What the standalone process writes of its demo data, apps/standalone/src/demo/demo-data.ts. */
const Status = z.object({
  state: z.string(),
  at: z.string(),
  counts: z
    .object({
      listings: z.number(),
      pictures: z.number(),
      bookings: z.record(z.string(), z.number()),
      reviews: z.number(),
      wishlists: z.number(),
    })
    .optional(),
});
type Status = z.output<typeof Status>;

export const command: Command = {
  summary: 'The demo data of a development Roost: three cities, their hosts and guests.',
  actions: {
    reset: {
      summary:
        'Empties this Roost (accounts, listings, bookings, payments, mails, files: everything) and loads the demo data anew.',
      options: {
        ...CONFIRMED,
        'data-dir': {
          type: 'string',
          description: 'the data folder (default: ROOST_DATA_DIR, or .roost)',
        },
      },
      run: reset,
    },
  },
};

async function reset({ options, out }: Call): Promise<void> {
  const dataDir = String(options['data-dir'] ?? (process.env.ROOST_DATA_DIR?.trim() || '.roost'));
  if (process.env.ROOST_ENV?.trim() === 'production' || existsSync(join(dataDir, 'production'))) {
    throw new Refusal(
      `${dataDir} belongs to a Roost in production: there is no demo data, and nothing is emptied.`,
    );
  }
  await confirm(`This empties the Roost in ${dataDir}, whatever it holds`, options);

  const started = new Date();
  const folder = join(dataDir, 'demo');
  const request = join(folder, 'reset');
  const free = isFree(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(request, '');
  const own = free ? startRoost(dataDir, out) : null;
  try {
    const status = await loaded(folder, request, started, own, out);
    const { counts } = status;
    if (status.state !== 'loaded' || !counts) {
      throw new Refusal(`The demo data could not be loaded: details in ${join(dataDir, 'roost.log')}.`);
    }
    const rows: Row[] = [
      { what: 'listings', count: counts.listings },
      { what: 'pictures', count: counts.pictures },
      ...Object.entries(counts.bookings).map(([state, count]) => ({ what: `bookings, ${state}`, count })),
      { what: 'reviews', count: counts.reviews },
      { what: 'wishlists', count: counts.wishlists },
    ];
    out.result(counts, rows);
  } finally {
    await own?.stop();
  }
}

/** Whether no Roost runs on this folder. */
function isFree(dataDir: string): boolean {
  try {
    claimFolder(dataDir).release();
    return true;
  } catch (error) {
    if (error instanceof EmbeddedError && error.message.includes('in use')) return false;
    throw error instanceof EmbeddedError ? new Refusal(error.message) : error;
  }
}

interface OwnRoost {
  over(): boolean;
  stop(): Promise<void>;
}

/** None runs: one is started for as long as the load takes. */
function startRoost(dataDir: string, out: Output): OwnRoost {
  out.progress(`No Roost runs on ${dataDir}: one is started for the load.`);
  const path = (file: string) => new URL(`../../../../${file}`, import.meta.url);
  const child = spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      path('tools/register.js').href,
      fileURLToPath(path('apps/standalone/src/main.ts')),
    ],
    {
      env: { ...process.env, ROOST_DATA_DIR: dataDir, ROOST_ENV: 'development', ROOST_DEMO: 'on' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let ended = false;
  child.once('close', () => {
    ended = true;
  });
  const show = (chunk: Buffer) => {
    for (const line of String(chunk).split('\n')) if (/^ +[\d.]+ s {2}/.test(line)) out.progress(line);
  };
  child.stdout.on('data', show);
  child.stderr.on('data', (chunk: Buffer) => out.progress(String(chunk).trimEnd()));
  return {
    over: () => ended,
    stop: async () => {
      if (ended) return;
      const close = once(child, 'close');
      child.kill('SIGINT');
      await close;
    },
  };
}

async function loaded(
  folder: string,
  request: string,
  started: Date,
  own: OwnRoost | null,
  out: Output,
): Promise<Status> {
  let said = '';
  for (const from = performance.now(); ; await pause(100)) {
    const waited = performance.now() - from;
    if (own?.over()) throw new Refusal('Roost ended before the demo data was loaded.');
    if (!own && waited > HEARD_MS && existsSync(request)) {
      rmSync(request, { force: true });
      throw new Refusal(
        'The Roost that runs there takes no reset: it is not a development one with all its services.',
      );
    }
    if (waited > LOADED_MS) throw new Refusal('The demo data is still being loaded after ten minutes.');
    const status = readStatus(folder);
    if (!status || new Date(status.at) < started || existsSync(request)) continue;
    if (!own && status.state !== said) out.progress(`  ${STATES[status.state] ?? status.state}`);
    said = status.state;
    if (status.state === 'loaded' || status.state === 'failed') return status;
  }
}

const STATES: Record<string, string> = {
  past: 'living through the last ten weeks',
  present: 'adding the rest of the houses and pictures',
};

function readStatus(folder: string): Status | null {
  try {
    return Status.parse(JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')));
  } catch {
    return null;
  }
}
