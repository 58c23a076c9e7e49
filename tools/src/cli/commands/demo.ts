import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { claimFolder, EmbeddedError } from '@roost/embedded';
import { z } from 'zod';
import { type Call, type Command, type Output, OperatorError, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';

const PICKED_UP_WITHIN_MS = 10_000;
const LOADED_WITHIN_MS = 10 * 60_000;

/** The status file that the standalone process writes, apps/standalone/src/demo/demo-data.ts. */
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
  summary: 'The demo data of a development installation: three cities with hosts and guests.',
  actions: {
    reset: {
      summary:
        'Deletes everything in this installation (accounts, listings, bookings, payments, mails, files) and loads the demo data again.',
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
    throw new OperatorError(
      `${dataDir} belongs to a production installation: there is no demo data, and nothing was deleted.`,
    );
  }
  await confirm(`This deletes everything in ${dataDir}`, options);

  const started = new Date();
  const folder = join(dataDir, 'demo');
  const request = join(folder, 'reset');
  const free = isFree(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(request, '');
  const own = free ? startRoost(dataDir, out) : null;
  try {
    const status = await untilLoaded({ folder, request, started, own, out });
    const { counts } = status;
    if (status.state !== 'loaded' || !counts) {
      throw new OperatorError(`The demo data could not be loaded: details in ${join(dataDir, 'roost.log')}.`);
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

/** Whether no process uses this data folder. */
function isFree(dataDir: string): boolean {
  try {
    claimFolder(dataDir).release();
    return true;
  } catch (error) {
    if (error instanceof EmbeddedError && error.message.includes('in use')) return false;
    throw error instanceof EmbeddedError ? new OperatorError(error.message) : error;
  }
}

interface OwnRoost {
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** Starts Roost for the duration of the load. */
function startRoost(dataDir: string, out: Output): OwnRoost {
  out.progress(`Roost is not running on ${dataDir}: starting it for the load.`);
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
    hasEnded: () => ended,
    stop: async () => {
      if (ended) return;
      const close = once(child, 'close');
      child.kill('SIGINT');
      await close;
    },
  };
}

/** Waits for the result of the load, by the status file in `folder`. */
async function untilLoaded({
  folder,
  request,
  started,
  own,
  out,
}: {
  folder: string;
  request: string;
  started: Date;
  own: OwnRoost | null;
  out: Output;
}): Promise<Status> {
  let reported = '';
  for (const from = performance.now(); ; await pause(100)) {
    const waited = performance.now() - from;
    if (own?.hasEnded()) throw new OperatorError('Roost ended before the demo data was loaded.');
    if (!own && waited > PICKED_UP_WITHIN_MS && existsSync(request)) {
      rmSync(request, { force: true });
      throw new OperatorError(
        'The running Roost accepts no reset: it is not a development installation with all services.',
      );
    }
    if (waited > LOADED_WITHIN_MS)
      throw new OperatorError('The demo data is still being loaded after ten minutes.');
    const status = readStatus(folder);
    if (!status || new Date(status.at) < started || existsSync(request)) continue;
    if (!own && status.state !== reported) out.progress(`  ${STATES[status.state] ?? status.state}`);
    reported = status.state;
    if (status.state === 'loaded' || status.state === 'failed') return status;
  }
}

const STATES: Record<string, string> = {
  past: 'replaying the last ten weeks',
  present: 'adding the remaining listings and pictures',
};

function readStatus(folder: string): Status | null {
  try {
    return Status.parse(JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')));
  } catch {
    return null;
  }
}
