import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { Tracing } from '@roost/tracing';
import { traceSending } from './event-spans.js';
import { MessagingLog } from './messaging-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { type Refusal, RelayConnection } from './relay-connection.js';
import { type OutboxRow, type Position, samePosition, START } from './relay.queries.js';
import { SinkProgress } from './sink-progress.js';
import { Transactions } from './transactions.js';
import type { EventSink } from './transport.js';
import { WakeableTimer } from './wakeable-timer.js';

const BATCH = 500;
const IDLE_POLL_MS = 250;
/** The first poll after activity, for events that a transaction still running held back: commits wake the relay anyway. */
const BUSY_POLL_MS = 8;
/** Commits within this time share a read: each read costs the database as much as a small write. */
const MIN_READ_INTERVAL_MS = 3;
const STANDBY_MS = 1000;
const SAVE_EVERY_MS = 100;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 5000;
const RETENTION_DAYS = 30;

interface ConnectedSink {
  readonly sink: EventSink;
  readonly progress: SinkProgress;
}

/**
 * Sends a service's committed events to every sink, in order. One relay per database is active; the relays of other
 * replicas stand by. Woken after each commit of this process; a poll finds the events of other processes.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #timer = new WakeableTimer();
  readonly #sinks = new Map<string, ConnectedSink>();
  /** The cursors of all sinks, also of sinks that are not connected. */
  #cursors = new Map<string, Position>();
  #stopped = false;
  #running: Promise<void> | undefined;
  #unsubscribe: (() => void)[] = [];
  #activeAt = 0;
  #wokenAt = 0;
  #savedAt = 0;
  #prunedAt = 0;
  #active = false;
  /** A read that was started before its sinks were ready for it. */
  #prefetched: { readonly position: Position; readonly rows: Promise<OutboxRow[]> } | undefined;
  /** The last round used a prefetched read, which may be older than the last wake. */
  #usedPrefetched = false;

  constructor(
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly log: MessagingLog,
  ) {}

  /** Whether the relay of this process is the active one. */
  get active(): boolean {
    return this.#active;
  }

  onApplicationBootstrap(): void {
    const wake = () => {
      this.#activeAt = performance.now();
      this.#timer.wake();
    };
    this.#unsubscribe = [this.transactions.onPublished(wake), this.options.bus.onSinksChanged(wake)];
    this.#running = this.#run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopped = true;
    this.#timer.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped;) {
      const connection = new RelayConnection(await this.#poolOptions(), `/${this.options.service}`);
      try {
        if (await connection.open()) {
          failures = 0;
          await this.#relay(connection);
        } else {
          await this.#timer.sleep(STANDBY_MS);
        }
      } catch (error) {
        failures += 1;
        const retryInMs = Math.min(5000, 100 * 2 ** failures);
        this.options.onRelayError?.(error);
        this.log.relayLost(error, retryInMs);
        if (!this.#stopped) await this.#timer.sleep(retryInMs);
      } finally {
        this.#active = false;
        await connection.close();
      }
    }
  }

  async #poolOptions(): Promise<PoolConfig> {
    const pool = await this.orm.em.getConnection().getNativeClient();
    return pool.options;
  }

  async #relay(connection: RelayConnection): Promise<void> {
    // Another relay may have moved the cursors since this one was active: load them from the database.
    this.#sinks.clear();
    this.#prefetched = undefined;
    this.#cursors = await connection.cursors();
    this.#active = true;
    this.#activeAt = this.#prunedAt = performance.now();
    while (!this.#stopped) {
      this.#updateSinks();
      const rows = await this.#round(connection);
      const now = performance.now();
      if (rows > 0) {
        this.#activeAt = now;
        this.log.relayed(rows);
      }
      if (now - this.#savedAt >= SAVE_EVERY_MS) await this.#save(connection);
      if (now - this.#prunedAt >= PRUNE_EVERY_MS) await this.#prune(connection);
      if (rows < BATCH && !this.#usedPrefetched) {
        const woken = await this.#timer.sleep(this.#pollDelayMs());
        if (woken) await this.#keepReadInterval();
      }
    }
    await this.#save(connection);
  }

  /** Returns at once for a commit after a quiet time, whatever the last poll did. */
  async #keepReadInterval(): Promise<void> {
    const remainingMs = this.#wokenAt + MIN_READ_INTERVAL_MS - performance.now();
    if (remainingMs > 0) await sleep(remainingMs);
    this.#wokenAt = performance.now();
  }

  /** Half the time since the last activity: a running transaction delays older events by at most half as long again. */
  #pollDelayMs(): number {
    return Math.min(IDLE_POLL_MS, Math.max(BUSY_POLL_MS, (performance.now() - this.#activeAt) / 2));
  }

  #updateSinks(): void {
    const present = new Map(
      [...this.options.bus.sinks(this.options.service)].map((sink) => [sink.name, sink]),
    );
    for (const [name, { sink, progress }] of this.#sinks) {
      if (present.get(name) === sink) continue;
      // A new sink of this name continues after the last processed event.
      this.#cursors.set(name, progress.processed ?? progress.saved);
      this.#sinks.delete(name);
    }
    for (const [name, sink] of present) {
      if (this.#sinks.has(name)) continue;
      const progress = new SinkProgress(this.#cursors.get(name) ?? START, () => this.#timer.wake());
      this.#sinks.set(name, { sink, progress });
    }
  }

  /** Reads once per distinct position: sinks at the same position share a read, in quiet times all of them. */
  async #round(connection: RelayConnection): Promise<number> {
    const groups: { position: Position; sinks: ConnectedSink[] }[] = [];
    for (const entry of this.#sinks.values()) {
      if (entry.progress.full) continue;
      const group = groups.find(({ position }) => samePosition(position, entry.progress.read));
      if (group) group.sinks.push(entry);
      else groups.push({ position: entry.progress.read, sinks: [entry] });
    }
    let read = 0;
    this.#usedPrefetched = false;
    for (const { position, sinks } of groups) {
      const rows = await this.#read(connection, position, groups.length === 1);
      read += rows.length;
      for (const entry of sinks) dispatch(rows, entry, this.options.tracing ?? Tracing.off);
    }
    return read;
  }

  /** After a full batch it prefetches the next one, so that the database reads while the sinks process this batch. */
  async #read(connection: RelayConnection, position: Position, mayPrefetch: boolean): Promise<OutboxRow[]> {
    const prefetched = this.#prefetched;
    this.#prefetched = undefined;
    const isNext = prefetched && samePosition(prefetched.position, position);
    this.#usedPrefetched ||= isNext === true;
    const rows = await (isNext ? prefetched.rows : connection.read(position, BATCH));
    const last = rows.at(-1);
    if (rows.length === BATCH && last && mayPrefetch) {
      const next = connection.read(last.position, BATCH);
      // The error is thrown where the rows are awaited.
      next.catch(() => undefined);
      this.#prefetched = { position: last.position, rows: next };
    }
    return rows;
  }

  async #save(connection: RelayConnection): Promise<void> {
    this.#savedAt = performance.now();
    const moved = new Map<string, Position>();
    const refused: Refusal[] = [];
    for (const [name, { progress }] of this.#sinks) {
      refused.push(...progress.refused.splice(0));
      if (progress.processed && !samePosition(progress.processed, progress.saved)) {
        moved.set(name, progress.processed);
      } else if (!this.#cursors.has(name)) {
        moved.set(name, progress.saved);
      }
    }
    // First, so that no cursor passes a refused event that is not marked.
    if (refused.length > 0) await connection.markRefused(refused);
    if (moved.size === 0) return;
    await connection.saveCursors(moved);
    for (const [name, position] of moved) {
      this.#cursors.set(name, position);
      const entry = this.#sinks.get(name);
      if (entry) entry.progress.saved = position;
    }
  }

  /** Deletes at most 83 rows per second; the metrics show a table that grows faster. */
  async #prune(connection: RelayConnection): Promise<void> {
    this.#prunedAt = performance.now();
    const pruned = await connection.prune(this.options.retentionDays ?? RETENTION_DAYS, PRUNE_BATCH);
    if (pruned > 0) this.log.pruned(pruned);
  }
}

function dispatch(rows: readonly OutboxRow[], { sink, progress }: ConnectedSink, tracing: Tracing): void {
  for (const { position, event } of rows) {
    progress.read = position;
    if (sink.wants(event.type))
      sink.send(event, traceSending(tracing, sink.system, event, progress.add(position)));
    else progress.skip(position);
  }
}
