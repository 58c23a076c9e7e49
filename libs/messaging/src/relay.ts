import { setTimeout as pause } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { Tracing } from '@roost/tracing';
import { sending } from './event-spans.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import {
  OutboxReader,
  samePosition,
  START,
  type OutboxRow,
  type Position,
  type Refusal,
} from './outbox-reader.js';
import { Transactions } from './transactions.js';
import type { EventSink, Settled } from './transport.js';
import { WakeableTimer } from './wakeable-timer.js';

const BATCH = 500;
/** Events read for a sink and not yet settled. A sink that is slower than that falls behind on its own. */
const WINDOW = 1000;
const IDLE_POLL_MS = 250;
/** Commits wake the relay; what one that still ran held back is looked for again after this, at the earliest. */
const BUSY_POLL_MS = 8;
/** Commits that come closer together than this share a read: each read costs the database as much as a small write. */
const READ_APART_MS = 3;
const STANDBY_MS = 1000;
const SAVE_EVERY_MS = 100;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 5000;
const RETENTION_DAYS = 30;

/** How far one sink has been read for, and how far everything before is settled. */
class Progress {
  readonly #open: { position: Position; settled: boolean }[] = [];
  read: Position;
  saved: Position;

  constructor(
    position: Position,
    private readonly onRoom: () => void,
  ) {
    this.read = position;
    this.saved = position;
  }

  get full(): boolean {
    return this.#open.length >= WINDOW;
  }

  /** All before it is settled. */
  safe: Position | undefined;

  /** What could not be told, and is not marked yet. */
  readonly refused: Refusal[] = [];

  take(position: Position): Settled {
    const entry = { position, settled: false };
    this.#open.push(entry);
    return (refusal) => {
      entry.settled = true;
      if (refusal !== undefined) this.refused.push({ position, code: refusal });
      this.#advance();
    };
  }

  skip(position: Position): void {
    this.take(position)();
  }

  #advance(): void {
    let settled = 0;
    for (const entry of this.#open) {
      if (!entry.settled) break;
      this.safe = entry.position;
      settled += 1;
    }
    const wasFull = this.full;
    this.#open.splice(0, settled);
    if (wasFull && !this.full) this.onRoom();
  }
}

/**
 * Brings a service's committed events to every sink, in order. One relay per database is active; the others of a
 * replicated service stand by. Woken after each commit of this process; the poll behind it is for the rest.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #timer = new WakeableTimer();
  readonly #sinks = new Map<string, { sink: EventSink; progress: Progress }>();
  #known = new Map<string, Position>();
  #stopped = false;
  #running: Promise<void> | undefined;
  #stopWatching: (() => void)[] = [];
  #activeAt = 0;
  #wokenAt = 0;
  #savedAt = 0;
  #prunedAt = 0;
  #active = false;
  #ahead: { readonly position: Position; readonly rows: Promise<OutboxRow[]> } | undefined;
  /** What was read last may be older than the last wake. */
  #wasAhead = false;

  constructor(
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly log: MessagingLog,
  ) {}

  /** True while this process is the one that relays. */
  get active(): boolean {
    return this.#active;
  }

  onApplicationBootstrap(): void {
    const wake = () => {
      this.#activeAt = performance.now();
      this.#timer.wake();
    };
    this.#stopWatching = [this.transactions.onPublished(wake), this.options.bus.onSinksChanged(wake)];
    this.#running = this.#run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const stop of this.#stopWatching) stop();
    this.#stopped = true;
    this.#timer.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped;) {
      const reader = new OutboxReader(await this.#connection(), `/${this.options.service}`);
      try {
        if (await reader.open()) {
          failures = 0;
          await this.#relay(reader);
        } else {
          await this.#timer.sleep(STANDBY_MS);
        }
      } catch (error) {
        failures += 1;
        const retryInMs = Math.min(5000, 100 * 2 ** failures);
        this.log.relayLost(error, retryInMs);
        if (!this.#stopped) await this.#timer.sleep(retryInMs);
      } finally {
        this.#active = false;
        await reader.close();
      }
    }
  }

  async #connection(): Promise<PoolConfig> {
    const pool = await this.orm.em.getConnection().getNativeClient();
    return pool.options;
  }

  async #relay(reader: OutboxReader): Promise<void> {
    // Another relay may have been at work since this one last was: the table knows, memory does not.
    this.#sinks.clear();
    this.#ahead = undefined;
    this.#known = await reader.cursors();
    this.#active = true;
    this.#activeAt = this.#prunedAt = performance.now();
    while (!this.#stopped) {
      this.#noticeSinks();
      const rows = await this.#round(reader);
      const now = performance.now();
      if (rows > 0) {
        this.#activeAt = now;
        this.log.relayed(rows);
      }
      if (now - this.#savedAt >= SAVE_EVERY_MS) await this.#save(reader);
      if (now - this.#prunedAt >= PRUNE_EVERY_MS) await this.#prune(reader);
      if (rows < BATCH && !this.#wasAhead) {
        const woken = await this.#timer.sleep(this.#pause());
        if (woken) await this.#apart();
      }
    }
    await this.#save(reader);
  }

  /** A commit after a quiet moment is read at once, whatever the poll did before it. */
  async #apart(): Promise<void> {
    const restMs = this.#wokenAt + READ_APART_MS - performance.now();
    if (restMs > 0) await pause(restMs);
    this.#wokenAt = performance.now();
  }

  /** The longer nothing happened, the longer the pause: what a running transaction holds back waits half as long again at most. */
  #pause(): number {
    return Math.min(IDLE_POLL_MS, Math.max(BUSY_POLL_MS, (performance.now() - this.#activeAt) / 2));
  }

  #noticeSinks(): void {
    const present = new Map(
      [...this.options.bus.sinks(this.options.service)].map((sink) => [sink.name, sink]),
    );
    for (const [name, { sink, progress }] of this.#sinks) {
      if (present.get(name) === sink) continue;
      // It takes up again where everything before was settled.
      this.#known.set(name, progress.safe ?? progress.saved);
      this.#sinks.delete(name);
    }
    for (const [name, sink] of present) {
      if (this.#sinks.has(name)) continue;
      const progress = new Progress(this.#known.get(name) ?? START, () => this.#timer.wake());
      this.#sinks.set(name, { sink, progress });
    }
  }

  /** Sinks that have read equally far share a read, which in quiet times is all of them. */
  async #round(reader: OutboxReader): Promise<number> {
    const places: { position: Position; sinks: { sink: EventSink; progress: Progress }[] }[] = [];
    for (const entry of this.#sinks.values()) {
      if (entry.progress.full) continue;
      const place = places.find(({ position }) => samePosition(position, entry.progress.read));
      if (place) place.sinks.push(entry);
      else places.push({ position: entry.progress.read, sinks: [entry] });
    }
    let read = 0;
    this.#wasAhead = false;
    for (const { position, sinks } of places) {
      const rows = await this.#read(reader, position, places.length === 1);
      read += rows.length;
      for (const entry of sinks) hand(rows, entry, this.options.tracing ?? Tracing.off);
    }
    return read;
  }

  /** Where there is more to read the database goes on with it while the sinks are given what has come. */
  async #read(reader: OutboxReader, position: Position, mayGoAhead: boolean): Promise<OutboxRow[]> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const useful = ahead && samePosition(ahead.position, position);
    this.#wasAhead ||= useful === true;
    const rows = await (useful ? ahead.rows : reader.read(position, BATCH));
    const last = rows.at(-1);
    if (rows.length === BATCH && last && mayGoAhead) {
      const next = reader.read(last.position, BATCH);
      // Whoever waits for it is told.
      next.catch(() => undefined);
      this.#ahead = { position: last.position, rows: next };
    }
    return rows;
  }

  async #save(reader: OutboxReader): Promise<void> {
    this.#savedAt = performance.now();
    const moved = new Map<string, Position>();
    const refused: Refusal[] = [];
    for (const [name, { progress }] of this.#sinks) {
      refused.push(...progress.refused.splice(0));
      if (progress.safe && !samePosition(progress.safe, progress.saved)) moved.set(name, progress.safe);
      else if (!this.#known.has(name)) moved.set(name, progress.saved);
    }
    // First, so that no cursor has passed what nobody knows of.
    if (refused.length > 0) await reader.refuse(refused);
    if (moved.size === 0) return;
    await reader.save(moved);
    for (const [name, position] of moved) {
      this.#known.set(name, position);
      const entry = this.#sinks.get(name);
      if (entry) entry.progress.saved = position;
    }
  }

  /** At most 83 rows a second: a table that grows faster says so in its metrics. */
  async #prune(reader: OutboxReader): Promise<void> {
    this.#prunedAt = performance.now();
    const pruned = await reader.prune(this.options.retentionDays ?? RETENTION_DAYS, PRUNE_BATCH);
    if (pruned > 0) this.log.pruned(pruned);
  }
}

function hand(
  rows: readonly OutboxRow[],
  { sink, progress }: { sink: EventSink; progress: Progress },
  tracing: Tracing,
): void {
  for (const { position, event } of rows) {
    progress.read = position;
    if (sink.wants(event.type))
      sink.send(event, sending(tracing, sink.system, event, progress.take(position)));
    else progress.skip(position);
  }
}
