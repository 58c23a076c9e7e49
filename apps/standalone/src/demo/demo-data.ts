import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ServiceUrls } from './caller.js';
import { Demo, type DemoCounts, drawCovers } from './demo.js';
import { Painter } from './painter.js';

const Status = z.object({
  /** `past`: the gateway is closed; `present`: Roost runs, and the remaining data is being added. */
  state: z.enum(['past', 'present', 'loaded', 'failed']),
  at: z.string(),
  counts: z.unknown().optional(),
});
type Status = z.output<typeof Status>;

const RESET_POLL_MS = 250;
const ATTEMPTS = 6;

/** This file marks a data folder that has served production. Data in such a folder is never deleted. */
export const PRODUCTION_MARK = 'production';

/**
 * Loads the demo data once into an empty data folder, and again on `npm run roost -- demo reset`. After an interrupted
 * replay of the past, the next start deletes all data, because the clock was moved; an interrupted load of the rest
 * continues.
 */
export class DemoData {
  readonly #folder: string;
  readonly #stop = new AbortController();
  readonly #painter: Painter;
  #covers: Map<string, Promise<Buffer>> | null = null;
  #polling: NodeJS.Timeout | null = null;
  #loading: Promise<void> = Promise.resolve();

  constructor(
    dataDir: string,
    private readonly print: (line: string) => void,
    private readonly logError: (error: unknown, message: string) => void,
  ) {
    this.#folder = join(dataDir, 'demo');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#painter = new Painter(join(this.#folder, 'pictures'));
  }

  /** Whether all data must be deleted: a reset was requested, or the replay of the past was interrupted. */
  get mustDeleteData(): boolean {
    return existsSync(this.#request) || this.#status()?.state === 'past';
  }

  /** Call after the deletion. Data that is created later is not deleted. */
  dataDeleted(): void {
    rmSync(this.#file, { force: true });
    rmSync(this.#request, { force: true });
  }

  /** Call before the services start, on empty databases. The covers are drawn while they start. */
  prepare(): void {
    this.#write({ state: 'past' });
    this.#covers = drawCovers(this.#painter);
  }

  /** Call before the gateway opens: this moves the domain clock. */
  async replayHistory(urls: ServiceUrls): Promise<void> {
    if (!this.#covers) return;
    this.print('demo data: replaying the last ten weeks, once (ROOST_DEMO=accounts skips this)');
    const covers = this.#covers;
    this.#covers = null;
    try {
      await new Demo(urls, this.#painter, this.#stop.signal).replayHistory(covers);
      this.#write({ state: 'present' });
    } catch (error) {
      this.#reportFailure(error);
    }
  }

  /** Call once Roost is ready. Works in the background. */
  addPresent(urls: ServiceUrls): void {
    if (this.#status()?.state !== 'present') return;
    this.#loading = this.#loadPresent(urls).catch(() => undefined);
  }

  /** Calls `reset` once when a reset is requested. */
  onResetRequest(reset: () => void): void {
    this.#polling = setInterval(() => {
      if (!existsSync(this.#request)) return;
      clearInterval(this.#polling ?? undefined);
      reset();
    }, RESET_POLL_MS).unref();
  }

  /** Interrupts a load; the next start continues it. */
  async close(): Promise<void> {
    if (this.#polling) clearInterval(this.#polling);
    this.#polling = null;
    this.#stop.abort();
    this.#painter.close();
    await this.#loading;
  }

  async #loadPresent(urls: ServiceUrls): Promise<void> {
    const started = performance.now();
    this.print('demo data: adding the remaining places and pictures in the background');
    try {
      const counts = await this.#addWithRetries(urls);
      this.#write({ state: 'loaded', counts });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const bookings = Object.values(counts.bookings).reduce((sum, count) => sum + count, 0);
      this.print(
        `demo data loaded: ${counts.listings} places, ${counts.pictures} pictures, ${bookings} bookings, ${counts.reviews} reviews (${seconds} s)`,
      );
    } catch (error) {
      this.#reportFailure(error);
    } finally {
      this.#painter.close();
    }
  }

  /** A client may move the clock at the same time, so that a quote expires. A retry skips existing data. */
  async #addWithRetries(urls: ServiceUrls): Promise<DemoCounts> {
    for (let attempt = 1; ; attempt += 1) {
      const demo = new Demo(urls, this.#painter, this.#stop.signal);
      try {
        await demo.addPresent();
        return await demo.counts();
      } catch (error) {
        if (this.#stop.signal.aborted || attempt === ATTEMPTS) throw error;
        this.logError(error, 'demo data failed; retrying');
        await pause(attempt * 1_000, undefined, { signal: this.#stop.signal });
      }
    }
  }

  /** A load that is interrupted by a stop has not failed: the next start continues it. */
  #reportFailure(error: unknown): void {
    if (this.#stop.signal.aborted) throw error;
    this.logError(error, 'demo data failed');
    this.#write({ state: 'failed' });
    this.print(
      `demo data could not be loaded, Roost runs without it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  #status(): Status | null {
    try {
      return Status.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch {
      return null;
    }
  }

  #write(status: Omit<Status, 'at'>): void {
    writeFileSync(`${this.#file}.new`, `${JSON.stringify({ ...status, at: new Date().toISOString() })}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  get #file(): string {
    return join(this.#folder, 'status.json');
  }

  get #request(): string {
    return join(this.#folder, 'reset');
  }
}
