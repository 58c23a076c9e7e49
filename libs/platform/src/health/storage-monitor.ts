import type { Logger } from 'pino';
import { isOutage, isStorageFull } from '../database/database-errors.js';

/** Short enough that a service reports free space soon; a probe writes about a megabyte. */
const PROBE_EVERY_MS = 2_000;

/** Writes to a place and frees the space again. Throws while the disk is full. */
export type StorageProbe = () => Promise<unknown>;

/**
 * Whether the disks that a service writes to have space. Each place reports the errors of its writes: those of requests, of
 * jobs and of handlers of events. While a disk is full, a probe writes to it every 2 s.
 */
export class StorageMonitor {
  readonly #probes = new Map<string, StorageProbe>();
  readonly #full = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly logger: Logger,
    private readonly probeEveryMs = PROBE_EVERY_MS,
  ) {}

  get hasSpace(): boolean {
    return this.#full.size === 0;
  }

  watch(place: string, probe: StorageProbe): void {
    this.#probes.set(place, probe);
  }

  /** Call it with each error of a write to the place. */
  record(place: string, error: unknown): void {
    if (this.#closed || this.#full.has(place) || !isStorageFull(error)) return;
    this.#full.add(place);
    this.logger.error({ place, err: error }, 'disk full; writes are rejected until space is freed');
    this.#timer ??= this.#startTimer();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => void this.#probeFull(), this.probeEveryMs).unref();
  }

  async #probeFull(): Promise<void> {
    for (const place of this.#full) {
      try {
        await this.#probes.get(place)?.();
        this.#full.delete(place);
        this.logger.info({ place }, 'disk has space again');
      } catch (error) {
        if (isStorageFull(error) || isOutage(error)) continue;
        // A probe that fails for another reason proves nothing. The next write will report a disk that is still full.
        this.#full.delete(place);
        this.logger.warn({ place, err: error }, 'whether the disk is still full cannot be probed');
      }
    }
    this.#timer = this.hasSpace || this.#closed ? undefined : this.#startTimer();
  }
}
