import kafkajs, { type Message, type Producer } from 'kafkajs';
import { withTimeout } from '@roost/platform';
import type { EventEnvelope } from '../envelope.js';
import { faultPoint } from '../fault-point.js';
import type { EventSink, OnProcessed } from '../transport.js';
import { WakeableTimer } from '../wakeable-timer.js';
import { kafkaClient, type KafkaClientOptions } from './kafka-client.js';
import { codeOf, type KafkaLog } from './kafka-log.js';
import { toMessages } from './kafka-message.js';

// Node finds no named export of it.
const { Partitioners } = kafkajs;
const BATCH_EVENTS = 1000;
/** A broker accepts a megabyte per partition in one request. */
const BATCH_BYTES = 700_000;
/** The approximate size of a message's headers. */
const OVERHEAD_BYTES = 500;
const RETRY_MAX_MS = 5_000;
const UNHEALTHY_AFTER_MS = 3_000;
const CLOSED_WITHIN_MS = 5_000;
/** After so many failures in a row it connects again, to the configured addresses. */
const RECONNECT_EVERY = 5;

interface Outgoing {
  readonly topic: string;
  readonly messages: Message[];
  readonly bytes: number;
  readonly event: EventEnvelope;
  readonly onProcessed: OnProcessed;
}

/**
 * Publishes the events of one service's relay. It sends one batch at a time, so that batches stay in order, and retries a
 * failed batch unchanged, with the same sequence numbers, so that the broker recognises messages that it has.
 */
export class KafkaSink implements EventSink {
  readonly name = 'kafka';
  readonly system = 'kafka';
  readonly #queue: Outgoing[] = [];
  readonly #timer = new WakeableTimer();
  #producer: Producer | undefined;
  /** The partitions of the batch in progress that no broker has acknowledged. */
  readonly #unacknowledged = new Set<string>();
  #running: Promise<void> | undefined;
  #stopped = false;
  #failingSince: number | undefined;

  constructor(
    private readonly client: KafkaClientOptions,
    private readonly log: KafkaLog,
    private readonly service: string,
  ) {}

  wants(): boolean {
    return true;
  }

  send(event: EventEnvelope, onProcessed: OnProcessed): void {
    let messages: Message[];
    try {
      messages = toMessages(event);
    } catch (error) {
      this.#refuse(event, onProcessed, error);
      return;
    }
    const bytes = OVERHEAD_BYTES + Buffer.byteLength(event.data);
    this.#queue.push({
      topic: `${this.client.prefix ?? ''}${event.topic}`,
      messages,
      bytes,
      event,
      onProcessed,
    });
    // Deferred, so that the first batch includes all events that the relay sends now.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Throws if the broker has not accepted events for three seconds. */
  check(): void {
    if (this.#failingSince !== undefined && performance.now() - this.#failingSince > UNHEALTHY_AFTER_MS) {
      throw new Error('Kafka does not accept events');
    }
  }

  /** Waits up to five seconds for the batch in progress; queued events stay in the outbox. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#timer.wake();
    await withTimeout(this.#running ?? Promise.resolve(), CLOSED_WITHIN_MS).catch(() => undefined);
    await this.#dropProducer();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopped) await this.#deliver(this.#nextBatch());
    this.#running = undefined;
  }

  #nextBatch(): Outgoing[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.#queue) {
      if (count > 0 && (bytes + more > BATCH_BYTES || count === BATCH_EVENTS)) break;
      bytes += more;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** Never throws. Only closing the sink leaves events unprocessed. */
  async #deliver(batch: readonly Outgoing[]): Promise<void> {
    for (let failures = 1; !this.#stopped; failures += 1) {
      try {
        await this.#publish(batch);
        this.#failingSince = undefined;
        await faultPoint(`${this.service}.after-publish`);
        this.log.published(batch.length);
        for (const { onProcessed } of batch) onProcessed();
        return;
      } catch (error) {
        const tooLarge = isTooLarge(error);
        // The broker may have accepted other parts of the request, and their sequence numbers with them.
        if (!isTransient(error) || failures % RECONNECT_EVERY === 0) await this.#dropProducer();
        if (tooLarge) return this.#deliverHalves(batch, error);
        this.#failingSince ??= performance.now();
        const retryInMs = Math.min(RETRY_MAX_MS, 50 * 2 ** failures) * (0.5 + Math.random() / 2);
        const topics = [...new Set(batch.map(({ topic }) => topic))];
        this.log.publishFailed(error, topics, batch.length + this.#queue.length, retryInMs);
        await this.#timer.sleep(retryInMs);
      }
    }
  }

  /**
   * Throws unless every partition is acknowledged. If a partition moves to a broker that has already responded for other
   * partitions, kafkajs reports success without sending it (kafkajs issue 1303); only the responses show that.
   */
  async #publish(batch: readonly Outgoing[]): Promise<void> {
    const producer = await this.#connected();
    this.#unacknowledged.clear();
    const responses = await producer.sendBatch({ acks: -1, topicMessages: byTopic(batch) });
    for (const { topicName, partition } of responses)
      this.#unacknowledged.delete(positionOf(topicName, partition));
    if (this.#unacknowledged.size > 0) {
      throw new Error(`No broker has acknowledged ${[...this.#unacknowledged].join(', ')}`);
    }
  }

  async #deliverHalves(batch: readonly Outgoing[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only) {
      this.#refuse(only.event, only.onProcessed, error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#deliver(batch.slice(0, half));
    await this.#deliver(batch.slice(half));
  }

  /** Skips an event that no retry can deliver: its row is marked for an operator, and later events are published. */
  #refuse(event: EventEnvelope, onProcessed: OnProcessed, error: unknown): void {
    this.log.refused(event, error);
    onProcessed(codeOf(error));
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    const producer = kafkaClient(this.client).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      metadataMaxAge: 60_000,
      createPartitioner: () => {
        const choose = Partitioners.DefaultPartitioner();
        return (message) => {
          const partition = choose(message);
          this.#unacknowledged.add(positionOf(message.topic, partition));
          return partition;
        };
      },
      retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 500 },
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
    this.#producer = producer;
    return producer;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch((error: unknown) => this.log.closeFailed(error));
  }
}

function byTopic(batch: readonly Outgoing[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, messages } of batch) {
    const list = topics.get(topic);
    if (list) list.push(...messages);
    else topics.set(topic, [...messages]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function positionOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(codeOf(error));
}

/** The broker is unavailable or busy; the producer's sequence numbers stay valid. */
function isTransient(error: unknown): boolean {
  const { name } = error as { name?: string };
  return name === 'KafkaJSNumberOfRetriesExceeded' || name === 'KafkaJSConnectionError';
}
