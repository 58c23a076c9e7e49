import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { withTimeout } from '@roost/platform';
import { events } from '@roost/contracts';
import type { EventEnvelope } from '../envelope.js';
import { faultPoint } from '../fault-point.js';
import type { EventListener } from '../transport.js';
import { type Assignment, mustPause, newAssignment, resumable, topicPartitions } from './assignment.js';
import type { KafkaLog } from './kafka-log.js';
import { parseMessage } from './kafka-message.js';
import { PartitionProgress } from './partition-progress.js';

/** Two heartbeats may be late before the group assigns this member's partitions to others. */
const SESSION_MS = 8_000;
const HEARTBEAT_MS = 2_000;
/** How long a rebalance waits for members that do not respond; this member responds at once, whatever its handlers do. */
const REBALANCE_MS = 15_000;
/** The duration of an empty fetch; it delays a heartbeat, a resumed partition and a stop. */
const FETCH_WAIT_MS = 500;
const PARTITION_BYTES = 256 * 1024;
const FETCH_BYTES = 4 * 1024 * 1024;

const COMMIT_EVERY_MS = 200;
const STALE_AFTER_MS = 7_000;
const REBALANCED_WITHIN_MS = 30_000;
const SILENT_AFTER_MS = 60_000;
const CHECK_EVERY_MS = 5_000;
const CLOSED_WITHIN_MS = 10_000;
const MAX_AHEAD_MS = 60_000;

export interface GroupMemberOptions {
  kafka: Kafka;
  listener: EventListener;
  /** Without the prefix. */
  topics: readonly string[];
  prefix: string;
  log: KafkaLog;
  sessionMs?: number;
}

/**
 * One member of a consumer group, until it stops or crashes. It never waits for a handler: it passes each fetched message
 * to the listener at once, so that heartbeats continue while handlers run, and pauses partitions with too many
 * unprocessed messages. It commits an offset once all messages before it are processed. A message may be delivered twice:
 * the inbox recognises it.
 */
export class GroupMember {
  readonly #consumer: Consumer;
  #assignment = newAssignment();
  #joined = false;
  #activeAt = performance.now();
  #heartbeatAt = 0;
  #rebalancingSince: number | undefined;
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
      // The restart of kafkajs does not cover every crash; KafkaConsumer replaces the whole member instead.
      retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
  }

  /** Throws if the member has not joined, a rebalance takes too long, or heartbeats get no response. */
  check(): void {
    if (!this.#joined) throw new Error('The consumer has not joined its group yet');
    const now = performance.now();
    if (this.#rebalancingSince !== undefined) {
      if (now - this.#rebalancingSince < REBALANCED_WITHIN_MS) return;
      throw new Error('The rebalance of the consumer group does not end');
    }
    if (now - this.#heartbeatAt > STALE_AFTER_MS) throw new Error('Kafka does not respond to heartbeats');
  }

  /** Runs until `stop` is aborted. Throws the error that crashed the member. */
  async run(stop: AbortSignal): Promise<void> {
    let crash = (_error: Error): void => undefined;
    const crashed = new Promise<never>((_, reject) => {
      crash = reject;
    });
    crashed.catch(() => undefined);
    const inactivityCheck = setInterval(() => {
      if (performance.now() - this.#activeAt > SILENT_AFTER_MS) crash(new Error('The consumer is inactive'));
    }, CHECK_EVERY_MS);
    this.#subscribeToConsumer(crash);
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([this.#start(), crashed, stopped]);
      await Promise.race([crashed, stopped]);
      await withTimeout(this.#commit(), CLOSED_WITHIN_MS).catch(() => undefined);
    } finally {
      clearInterval(inactivityCheck);
      clearTimeout(this.#commitTimer);
      this.#joined = false;
      this.#assignment.revoked.abort();
      await withTimeout(this.#consumer.disconnect(), CLOSED_WITHIN_MS).catch(() => undefined);
    }
  }

  async #start(): Promise<void> {
    await this.#consumer.connect();
    const { topics, prefix } = this.options;
    await this.#consumer.subscribe({ topics: topics.map((name) => `${prefix}${name}`), fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        this.#dispatchBatch(payload);
        // The handlers send their first statements before the next fetch is sent.
        await eventLoopTurn();
      },
    });
  }

  #subscribeToConsumer(crash: (error: Error) => void): void {
    const { events: names } = this.#consumer;
    const markActive = (): void => {
      this.#activeAt = performance.now();
    };
    this.#consumer.on(names.CRASH, ({ payload }: ConsumerCrashEvent) => crash(payload.error));
    this.#consumer.on(names.FETCH_START, markActive);
    this.#consumer.on(names.REBALANCING, () => {
      markActive();
      this.#rebalancingSince ??= performance.now();
    });
    this.#consumer.on(names.HEARTBEAT, () => {
      markActive();
      this.#heartbeatAt = performance.now();
    });
    this.#consumer.on(names.GROUP_JOIN, ({ payload }) => {
      markActive();
      this.#startAssignment(payload.memberAssignment as Record<string, number[]>);
    });
  }

  /** Revokes the old assignment, even if the new one has the same partitions: uncommitted messages are fetched again. */
  #startAssignment(assigned: Record<string, number[]>): void {
    const old = this.#assignment;
    this.#assignment = newAssignment();
    this.#joined = true;
    this.#rebalancingSince = undefined;
    this.#heartbeatAt = performance.now();
    old.revoked.abort();
    for (const position of old.paused) this.#consumer.resume([topicPartitions(old, position)]);
    const { log } = this.options;
    log.resetLag();
    log.joined(Object.values(assigned).reduce((sum, partitions) => sum + partitions.length, 0));
  }

  #dispatchBatch({ batch, resolveOffset, pause }: EachBatchPayload): void {
    const assignment = this.#assignment;
    const { topic, partition } = batch;
    const position = `${topic}/${partition}`;
    let progress = assignment.partitions.get(position);
    if (!progress) {
      progress = new PartitionProgress(topic, partition);
      assignment.partitions.set(position, progress);
    }
    for (const message of batch.messages) this.#dispatch(message, progress, assignment);
    resolveOffset(batch.lastOffset());
    this.options.log.lag(topic, partition, Number(batch.offsetLag()));
    if (mustPause(assignment, progress)) {
      assignment.paused.add(position);
      pause();
    }
  }

  #dispatch(message: KafkaMessage, progress: PartitionProgress, assignment: Assignment): void {
    const { listener, log, prefix } = this.options;
    const { partition } = progress;
    const topic = progress.topic.slice(prefix.length);
    const markProcessed = progress.add(message.offset);
    const onProcessed = (): void => {
      markProcessed();
      this.#afterProgress(assignment);
    };
    const revoked = assignment.revoked.signal;
    const parsed = parseMessage(topic, partition, message);
    if (parsed.kind === 'tombstone') log.skipped(topic, 'tombstone');
    else if (parsed.kind === 'unknown') log.unknownType(topic, parsed.type);
    else if (parsed.kind === 'unreadable') {
      log.unreadable({ topic, partition, offset: message.offset }, parsed.cause);
      listener.accept({ event: parsed.event, onProcessed: onProcessed, revoked, unreadable: parsed.cause });
      return;
    } else if (listener.types.has(parsed.event.type)) {
      this.#logUnusual(parsed.event);
      listener.accept({ event: parsed.event, onProcessed: onProcessed, revoked });
      return;
    } else log.skipped(topic, 'not-listened');
    onProcessed();
  }

  #logUnusual(event: EventEnvelope): void {
    const aheadMs = Date.parse(event.time) - Date.now();
    if (aheadMs > MAX_AHEAD_MS) this.options.log.aheadOfClock(event, Math.round(aheadMs / 1000));
    const installed = events[event.type as keyof typeof events].version;
    if (event.schemaVersion > installed) this.options.log.newerSchema(event, installed);
  }

  #afterProgress(assignment: Assignment): void {
    if (assignment !== this.#assignment) return;
    for (const position of resumable(assignment)) {
      assignment.paused.delete(position);
      this.#consumer.resume([topicPartitions(assignment, position)]);
    }
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined;
      void this.#commit();
    }, COMMIT_EVERY_MS);
  }

  /** Never throws: the next commit includes the offsets of a failed one. */
  async #commit(): Promise<void> {
    await this.#committing;
    this.#committing = this.#commitOnce(this.#assignment);
    await this.#committing;
  }

  async #commitOnce(assignment: Assignment): Promise<void> {
    const moved: { topic: string; partition: number; offset: string }[] = [];
    for (const [position, { topic, partition, committable }] of assignment.partitions) {
      if (committable !== undefined && assignment.committed.get(position) !== committable) {
        moved.push({ topic, partition, offset: committable });
      }
    }
    if (moved.length === 0 || !this.#joined) return;
    try {
      await faultPoint(`${this.options.listener.service}.before-offsets`);
      await this.#consumer.commitOffsets(moved);
      for (const { topic, partition, offset } of moved) {
        assignment.committed.set(`${topic}/${partition}`, offset);
      }
    } catch (error) {
      if (assignment !== this.#assignment) return;
      this.options.log.commitFailed(error);
      this.#afterProgress(assignment);
    }
  }
}
