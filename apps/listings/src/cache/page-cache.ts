import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type BaseConfig, CONFIG, LOGGER, Metrics, REDIS, type Redis, withTimeout } from '@roost/platform';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { withScripts } from './cache.scripts.js';

/** Redis takes less than a millisecond. A read waits no longer than this, and the next ones do not wait at all. */
const TIMEOUT_MS = 150;
/** On a machine that runs many specs a command can take longer. */
const TEST_TIMEOUT_MS = 1_000;
const REPAIR_EVERY_MS = 250;
/** After that, a read loads the page itself instead of waiting for another process. */
const MAX_WAIT_MS = 2_000;
const POLL_MS = 20;
/** Bounds the memory during a long outage. */
const MAX_UNCLOSED = 1_000;
const MAX_BODY_LENGTH = 256 * 1024;

/** A page for anonymous callers. */
export interface CachedPage {
  kind: 'listing' | 'search';
  /** All inputs of the page. */
  key: string;
  /** What the page shows: a change that opens one of these tags removes the page. */
  tags: readonly string[];
  maxAgeMs: number;
}

/** A change of what tagged pages show. */
export interface OpenChange {
  id: string;
  tags: readonly string[];
}

type Result = 'hit' | 'miss' | 'shared' | 'bypassed';

/**
 * Pages in Redis.
 *
 * A change opens its tags before it commits and closes them afterwards. Both give the tags new versions. A page is stored
 * with the versions at the begin of its load, and only found under the same ones; while a tag is open, pages are shared
 * with waiting reads, not kept. So a read that begins after the close never returns an older state.
 *
 * After a failed command this process uses no Redis until `#repair` has replaced the generation, which removes all
 * pages: a change that could not open or close its tags may be among the failed commands.
 */
@Injectable()
export class PageCache implements OnModuleDestroy {
  readonly #redis: ReturnType<typeof withScripts>;
  readonly #prefix: string;
  readonly #origin: string;
  readonly #timeoutMs: number;
  readonly #reads: Counter<'page' | 'result'>;
  readonly #loads = new Map<string, Promise<unknown>>();
  /** Committed changes whose close is not confirmed. */
  readonly #unclosed = new Map<string, OpenChange>();
  readonly #onClose = () => this.#fail();
  #failed = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REDIS) redis: Redis,
    @Inject(CONFIG) config: BaseConfig,
    metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#redis = withScripts(redis);
    this.#prefix = `${config.REDIS_PREFIX}:cache`;
    // Pages contain URLs, so a page under another address is another page.
    this.#origin = createHash('sha256').update(config.PUBLIC_URL).digest('base64url').slice(0, 8);
    this.#timeoutMs = config.ROOST_ENV === 'test' ? TEST_TIMEOUT_MS : TIMEOUT_MS;
    this.#reads = metrics.counter(
      'roost_cache_reads_total',
      'Reads of cached pages: hit, miss (loaded), shared (waited for a load), bypassed (without Redis)',
      ['page', 'result'],
    );
    redis.on('close', this.#onClose);
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#redis.off('close', this.#onClose);
  }

  /** The page from Redis, or else from `load`, which runs once for all reads of one state of the page. */
  async read<T>(page: CachedPage, load: () => Promise<T>): Promise<T> {
    const keys = this.#pageKeys(page);
    for (const begun = performance.now(); performance.now() - begun < MAX_WAIT_MS;) {
      const answer = await this.#try(() => this.#redis.roostCacheBegin(keys.length, ...keys, randomUUID()));
      if (answer === null) break;
      const [versions, open, body, lead] = answer;
      if (body !== null) return this.#counted(page, 'hit', JSON.parse(body) as T);
      const flight = `${keys[1]} ${versions}`;
      if (lead === 1) {
        const loading = this.#load({ page, keys, versions, open }, load).finally(() =>
          this.#loads.delete(flight),
        );
        this.#loads.set(flight, loading);
        return this.#counted(page, 'miss', await loading);
      }
      const running = this.#loads.get(flight);
      if (running !== undefined) return this.#counted(page, 'shared', (await running) as T);
      await pause(POLL_MS);
    }
    return this.#counted(page, 'bypassed', await load());
  }

  /** Call before the commit of the change, and `close` afterwards. Tags of a change that rolls back expire. */
  async open(tags: readonly string[]): Promise<OpenChange> {
    const change = { id: randomUUID(), tags };
    const keys = this.#tagKeys(tags);
    await this.#try(() => this.#redis.roostCacheOpen(keys.length, ...keys, randomUUID(), change.id));
    return change;
  }

  async close(change: OpenChange): Promise<void> {
    this.#unclosed.set(change.id, change);
    // The new generation covers a change that is dropped here; its tags expire.
    const [oldest] = this.#unclosed.keys();
    if (this.#unclosed.size > MAX_UNCLOSED && oldest !== undefined) this.#unclosed.delete(oldest);
    const keys = this.#tagKeys(change.tags);
    const closed = await this.#try(async () => {
      await this.#redis.roostCacheClose(keys.length, ...keys, randomUUID(), change.id);
      return true;
    });
    if (closed) this.#unclosed.delete(change.id);
  }

  async #load<T>(
    { page, keys, versions, open }: { page: CachedPage; keys: string[]; versions: string; open: number },
    load: () => Promise<T>,
  ): Promise<T> {
    let body = '';
    try {
      const value = await load();
      const text = JSON.stringify(value);
      if (text.length <= MAX_BODY_LENGTH) body = text;
      return value;
    } finally {
      // Not awaited: the response does not wait for Redis.
      const values = [versions, String(open), body, String(page.maxAgeMs)];
      void this.#try(() => this.#redis.roostCacheStore(keys.length, ...keys, ...values));
    }
  }

  #counted<T>(page: CachedPage, result: Result, value: T): T {
    this.#reads.inc({ page: page.kind, result });
    return value;
  }

  /** Null without Redis. */
  async #try<T>(command: () => Promise<T>): Promise<T | null> {
    if (this.#failed) return null;
    try {
      return await withTimeout(command(), this.#timeoutMs);
    } catch (error) {
      this.logger.warn({ err: error }, 'cache failed; pages are read from the database');
      this.#fail();
      return null;
    }
  }

  #fail(): void {
    this.#failed = true;
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#repair(), REPAIR_EVERY_MS).unref();
  }

  async #repair(): Promise<void> {
    try {
      await withTimeout(this.#redis.set(`${this.#prefix}:generation`, randomUUID()), this.#timeoutMs);
    } catch {
      this.#timer = undefined;
      return this.#fail();
    }
    this.#timer = undefined;
    this.#failed = false;
    // The new generation has removed the pages. Closing lets new pages be stored before the open tags expire.
    const changes = [...this.#unclosed.values()];
    this.logger.info({ changes: changes.length }, 'cache repaired');
    await Promise.all(changes.map((change) => this.close(change)));
  }

  #pageKeys({ kind, key, tags }: CachedPage): string[] {
    const page = `${this.#prefix}:${kind}:${this.#origin}:${key}`;
    return [`${this.#prefix}:generation`, page, `${page}:lead`, ...this.#tagKeys(tags)];
  }

  #tagKeys(tags: readonly string[]): string[] {
    return tags.flatMap((tag) => [`${this.#prefix}:version:${tag}`, `${this.#prefix}:open:${tag}`]);
  }
}
