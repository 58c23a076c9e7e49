import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ServiceUrls } from './caller.js';
import { Artist } from './pictures/artist.js';
import { Demo, type DemoCounts, drawCovers } from './demo.js';

const Status = z.object({
  /** `past`: nobody has been let in yet; `present`: Roost runs, and the rest is being added. */
  state: z.enum(['past', 'present', 'loaded', 'failed']),
  at: z.string(),
  counts: z.unknown().optional(),
});
type Status = z.output<typeof Status>;

const WATCH_MS = 250;
const ATTEMPTS = 6;

/** In a data folder that has served production nothing is ever emptied. */
export const PRODUCTION_MARK = 'production';

/**
 * Loads the demo once into a data folder of its own, and again when `npm run roost -- demo reset` asks. What an
 * interruption leaves of the past is emptied at the next start, because the clock stood elsewhere; the rest goes on.
 */
export class DemoData {
  readonly #folder: string;
  readonly #stop = new AbortController();
  readonly #artist: Artist;
  #covers: Map<string, Promise<Buffer>> | null = null;
  #watching: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(
    dataDir: string,
    private readonly say: (line: string) => void,
    private readonly keep: (error: unknown, message: string) => void,
  ) {
    this.#folder = join(dataDir, 'demo');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#artist = new Artist(join(this.#folder, 'pictures'));
  }

  /** Whether what is there must go: somebody asked for it, or its past was interrupted. */
  get mustEmpty(): boolean {
    return existsSync(this.#request) || this.#status()?.state === 'past';
  }

  /** Nothing is left that would have to go: what comes now is somebody's. */
  emptied(): void {
    rmSync(this.#file, { force: true });
    rmSync(this.#request, { force: true });
  }

  /** Called before the services start, on an empty database; the covers are drawn meanwhile. */
  begin(): void {
    this.#write({ state: 'past' });
    this.#covers = drawCovers(this.#artist);
  }

  /** Before anybody is let in: the domain clock travels. */
  async livePast(urls: ServiceUrls): Promise<void> {
    if (!this.#covers) return;
    this.say('demo data: living through the last ten weeks, once (ROOST_DEMO=accounts goes without)');
    const covers = this.#covers;
    this.#covers = null;
    try {
      await new Demo(urls, this.#artist, this.#stop.signal).livePast(covers);
      this.#write({ state: 'present' });
    } catch (error) {
      this.#failed(error);
    }
  }

  /** In the background, once Roost is ready. */
  addTheRest(urls: ServiceUrls): void {
    if (this.#status()?.state !== 'present') return;
    this.#work = this.#addTheRest(urls).catch(() => undefined);
  }

  /** Calls back when a reset is asked for. */
  onRequest(reset: () => void): void {
    this.#watching = setInterval(() => {
      if (!existsSync(this.#request)) return;
      clearInterval(this.#watching ?? undefined);
      reset();
    }, WATCH_MS).unref();
  }

  /** What is being added is left where it is. */
  async close(): Promise<void> {
    if (this.#watching) clearInterval(this.#watching);
    this.#watching = null;
    this.#stop.abort();
    this.#artist.close();
    await this.#work;
  }

  async #addTheRest(urls: ServiceUrls): Promise<void> {
    const started = performance.now();
    this.say('demo data: the rest of the houses and pictures comes in the background');
    try {
      const counts = await this.#settled(urls);
      this.#write({ state: 'loaded', counts });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const bookings = Object.values(counts.bookings).reduce((sum, count) => sum + count, 0);
      this.say(
        `demo data loaded: ${counts.listings} places, ${counts.pictures} pictures, ${bookings} bookings, ${counts.reviews} reviews (${seconds} s)`,
      );
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#artist.close();
    }
  }

  /** Somebody else may move the clock meanwhile, and a quote expires: what is there is left alone, so it is asked again. */
  async #settled(urls: ServiceUrls): Promise<DemoCounts> {
    for (let attempt = 1; ; attempt += 1) {
      const demo = new Demo(urls, this.#artist, this.#stop.signal);
      try {
        await demo.settleIn();
        return await demo.counts();
      } catch (error) {
        if (this.#stop.signal.aborted || attempt === ATTEMPTS) throw error;
        this.keep(error, 'the demo data is tried again');
        await pause(attempt * 1_000, undefined, { signal: this.#stop.signal });
      }
    }
  }

  /** Stopped half-way is not failed: the next start goes on. */
  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) throw error;
    this.keep(error, 'the demo data could not be loaded');
    this.#write({ state: 'failed' });
    this.say(
      `demo data could not be loaded, Roost runs without: ${error instanceof Error ? error.message : String(error)}`,
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
