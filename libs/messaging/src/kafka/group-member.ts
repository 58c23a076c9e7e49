import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { events } from '@roost/contracts';
import type { EventEnvelope } from '../envelope.js';
import { faultPoint } from '../fault-point.js';
import type { EventListener } from '../transport.js';
import { within } from './within.js';
import type { KafkaLog } from './kafka-log.js';
import { fromMessage } from './kafka-message.js';
import { PartitionProgress } from './partition-progress.js';

/** Two heartbeats may be late before the group gives this member's partitions to others. */
const SESSION_MS = 8_000;
const HEARTBEAT_MS = 2_000;
/** How long a rebalance waits for members that do not answer; ours always do at once, whatever is being handled. */
const REBALANCE_MS = 15_000;
/** An empty fetch comes back after this time; a heartbeat, a resumed partition and a stop wait for it. */
const FETCH_WAIT_MS = 500;
const PARTITION_BYTES = 256 * 1024;
const FETCH_BYTES = 4 * 1024 * 1024;

/** A partition rests when so many of its messages, or of all, wait to be handled; it goes on at half of it. */
const PARTITION_LIMIT = 2_000;
const TOTAL_LIMIT = 5_000;
/** One key that takes long holds back what may be committed: at some point the rest of its partition waits too. */
const SPAN_LIMIT = 100_000;

const COMMIT_EVERY_MS = 200;
const STALE_AFTER_MS = 7_000;
const REBALANCED_WITHIN_MS = 30_000;
const SILENT_AFTER_MS = 60_000;
const WATCH_EVERY_MS = 5_000;
const CLOSED_WITHIN_MS = 10_000;
const AHEAD_MS = 60_000;

export interface GroupMemberOptions {
  kafka: Kafka;
  listener: EventListener;
  /** As they are called here, without the prefix. */
  topics: readonly string[];
  prefix: string;
  log: KafkaLog;
  sessionMs?: number;
}

/** What this member has of the group's partitions until the next rebalance. */
interface Generation {
  readonly revoked: AbortController;
  readonly partitions: Map<string, PartitionProgress>;
  readonly committed: Map<string, string>;
  readonly resting: Set<string>;
}

const newGeneration = (): Generation => ({
  revoked: new AbortController(),
  partitions: new Map(),
  committed: new Map(),
  resting: new Set(),
});

/**
 * One life of a consumer in its group. It never waits for a handler: what it fetches goes to the listener at once, so
 * that heartbeats go on while handlers run; partitions of which too much waits are paused. An offset is committed once
 * everything before it is settled. Handing a message over twice is harmless: the inbox knows it.
 */
export class GroupMember {
  readonly #consumer: Consumer;
  #generation = newGeneration();
  #joined = false;
  #aliveAt = performance.now();
  #beatAt = 0;
  #rebalancingAt: number | undefined;
  #commitTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;

  constructor(private readonly options: GroupMemberOptions) {
    const sessionMs = options.sessionMs ?? SESSION_MS;
    this.#consumer = options.kafka.consumer({
      groupId: `${options.prefix}${options.listener.service}`,
      sessionTimeout: sessionMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, sessionMs / 4),
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: PARTITION_BYTES,
      maxBytes: FETCH_BYTES,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      // Its own restart leaves some deaths out; this member is replaced as a whole.
      retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** Throws when the group does not hear this member, or this member the group. */
  check(): void {
    if (!this.#joined) throw new Error('The consumer has not joined its group yet');
    const now = performance.now();
    if (this.#rebalancingAt !== undefined) {
      if (now - this.#rebalancingAt < REBALANCED_WITHIN_MS) return;
      throw new Error('The group does not come out of its rebalance');
    }
    if (now - this.#beatAt > STALE_AFTER_MS) throw new Error('Kafka does not answer the heartbeats');
  }

  /** Lives until it is told to stop. Throws what it died of. */
  async live(stop: AbortSignal): Promise<void> {
    let die = (_error: Error): void => undefined;
    const death = new Promise<never>((_, reject) => {
      die = reject;
    });
    death.catch(() => undefined);
    const watch = setInterval(() => {
      if (performance.now() - this.#aliveAt > SILENT_AFTER_MS) die(new Error('The consumer fell silent'));
    }, WATCH_EVERY_MS);
    this.#observe(die);
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([this.#begin(), death, stopped]);
      await Promise.race([death, stopped]);
      await within(CLOSED_WITHIN_MS, this.#commit());
    } finally {
      clearInterval(watch);
      clearTimeout(this.#commitTimer);
      this.#joined = false;
      this.#generation.revoked.abort();
      await within(CLOSED_WITHIN_MS, this.#consumer.disconnect());
    }
  }

  async #begin(): Promise<void> {
    await this.#consumer.connect();
    const { topics, prefix } = this.options;
    await this.#consumer.subscribe({ topics: topics.map((name) => `${prefix}${name}`), fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        this.#take(payload);
        // The handlers' first statements are sent before the next fetch is.
        await eventLoopTurn();
      },
    });
  }

  #observe(died: (error: Error) => void): void {
    const { events: names } = this.#consumer;
    const alive = (): void => {
      this.#aliveAt = performance.now();
    };
    this.#consumer.on(names.CRASH, ({ payload }: ConsumerCrashEvent) => died(payload.error));
    this.#consumer.on(names.FETCH_START, alive);
    this.#consumer.on(names.REBALANCING, () => {
      alive();
      this.#rebalancingAt ??= performance.now();
    });
    this.#consumer.on(names.HEARTBEAT, () => {
      alive();
      this.#beatAt = performance.now();
    });
    this.#consumer.on(names.GROUP_JOIN, ({ payload }) => {
      alive();
      this.#enter(payload.memberAssignment as Record<string, number[]>);
    });
  }

  /** Whatever it had is given out anew, also when it gets the same again: what was not committed is fetched again. */
  #enter(assignment: Record<string, number[]>): void {
    const old = this.#generation;
    this.#generation = newGeneration();
    this.#joined = true;
    this.#rebalancingAt = undefined;
    this.#beatAt = performance.now();
    old.revoked.abort();
    for (const place of old.resting) this.#consumer.resume([topicPartitions(old, place)]);
    const { log } = this.options;
    log.forgetLag();
    log.joined(Object.values(assignment).reduce((sum, partitions) => sum + partitions.length, 0));
  }

  #take({ batch, resolveOffset, pause }: EachBatchPayload): void {
    const generation = this.#generation;
    const { topic, partition } = batch;
    const place = `${topic}/${partition}`;
    let progress = generation.partitions.get(place);
    if (!progress) {
      progress = new PartitionProgress(topic, partition);
      generation.partitions.set(place, progress);
    }
    for (const message of batch.messages) this.#hand(message, progress, generation);
    resolveOffset(batch.lastOffset());
    this.options.log.lag(topic, partition, Number(batch.offsetLag()));
    if (isFull(progress) || waitingIn(generation) >= TOTAL_LIMIT) {
      generation.resting.add(place);
      pause();
    }
  }

  #hand(message: KafkaMessage, progress: PartitionProgress, generation: Generation): void {
    const { listener, log, prefix } = this.options;
    const { partition } = progress;
    const topic = progress.topic.slice(prefix.length);
    const settle = progress.take(message.offset);
    const settled = (): void => {
      settle();
      this.#progressed(generation);
    };
    const revoked = generation.revoked.signal;
    const received = fromMessage(topic, partition, message);
    if (received.kind === 'tombstone') log.skipped(topic, 'tombstone');
    else if (received.kind === 'unknown') log.unknownType(topic, received.type);
    else if (received.kind === 'unreadable') {
      log.unreadable({ topic, partition, offset: message.offset }, received.why);
      listener.accept({ event: received.event, settled, revoked, unreadable: received.why });
      return;
    } else if (listener.types.has(received.event.type)) {
      this.#remark(received.event);
      listener.accept({ event: received.event, settled, revoked });
      return;
    } else log.skipped(topic, 'not-listened');
    settled();
  }

  #remark(event: EventEnvelope): void {
    const aheadMs = Date.parse(event.time) - Date.now();
    if (aheadMs > AHEAD_MS) this.options.log.fromTheFuture(event, Math.round(aheadMs / 1000));
    const known = events[event.type as keyof typeof events].version;
    if (event.schemaVersion > known) this.options.log.newerSchema(event, known);
  }

  #progressed(generation: Generation): void {
    if (generation !== this.#generation) return;
    if (generation.resting.size > 0 && waitingIn(generation) < TOTAL_LIMIT / 2) {
      for (const place of generation.resting) {
        const progress = generation.partitions.get(place);
        if (progress && !mayGoOn(progress)) continue;
        generation.resting.delete(place);
        this.#consumer.resume([topicPartitions(generation, place)]);
      }
    }
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined;
      void this.#commit();
    }, COMMIT_EVERY_MS);
  }

  /** Never throws: what could not be committed will be with what comes after it. */
  async #commit(): Promise<void> {
    await this.#committing;
    this.#committing = this.#commitOnce(this.#generation);
    await this.#committing;
  }

  async #commitOnce(generation: Generation): Promise<void> {
    const moved: { topic: string; partition: number; offset: string }[] = [];
    for (const [place, { topic, partition, committable }] of generation.partitions) {
      if (committable !== undefined && generation.committed.get(place) !== committable) {
        moved.push({ topic, partition, offset: committable });
      }
    }
    if (moved.length === 0 || !this.#joined) return;
    try {
      await faultPoint(`${this.options.listener.service}.before-offsets`);
      await this.#consumer.commitOffsets(moved);
      for (const { topic, partition, offset } of moved) {
        generation.committed.set(`${topic}/${partition}`, offset);
      }
    } catch (error) {
      if (generation !== this.#generation) return;
      this.options.log.commitFailed(error);
      this.#progressed(generation);
    }
  }
}

function topicPartitions(generation: Generation, place: string): { topic: string; partitions: number[] } {
  const progress = generation.partitions.get(place);
  if (!progress) throw new TypeError(`Nothing has been taken from ${place}`);
  return { topic: progress.topic, partitions: [progress.partition] };
}

function waitingIn(generation: Generation): number {
  let waiting = 0;
  for (const progress of generation.partitions.values()) waiting += progress.waiting;
  return waiting;
}

function isFull({ waiting, span }: PartitionProgress): boolean {
  return waiting >= PARTITION_LIMIT || span >= SPAN_LIMIT;
}

function mayGoOn({ waiting, span }: PartitionProgress): boolean {
  return waiting < PARTITION_LIMIT / 2 && span < SPAN_LIMIT;
}
