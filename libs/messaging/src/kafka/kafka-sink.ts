import kafkajs, { type Message, type Producer } from 'kafkajs';
import type { EventEnvelope } from '../envelope.js';
import { faultPoint } from '../fault-point.js';
import type { EventSink, Settled } from '../transport.js';
import { WakeableTimer } from '../wakeable-timer.js';
import { kafkaClient, type KafkaClientOptions } from './kafka-client.js';
import { codeOf, type KafkaLog } from './kafka-log.js';
import { toMessages } from './kafka-message.js';

// Node finds no named export of it.
const { Partitioners } = kafkajs;
const BATCH_EVENTS = 1000;
/** A broker takes a megabyte at once, per partition. */
const BATCH_BYTES = 700_000;
/** Of headers, roughly. */
const OVERHEAD_BYTES = 500;
const RETRY_MAX_MS = 5_000;
const UNHEALTHY_AFTER_MS = 3_000;
const CLOSED_WITHIN_MS = 5_000;
/** So many failures in a row, and the connection is made anew from the addresses that were given. */
const RECONNECT_EVERY = 5;

interface Outgoing {
  readonly topic: string;
  readonly messages: Message[];
  readonly bytes: number;
  readonly event: EventEnvelope;
  readonly settled: Settled;
}

/**
 * Publishes what the relay of one service reads. One batch is on its way at a time, so that none can overtake another;
 * a batch that failed is sent again as it was, with the same sequence numbers, so that the broker knows what it has.
 */
export class KafkaSink implements EventSink {
  readonly name = 'kafka';
  readonly system = 'kafka';
  readonly #queue: Outgoing[] = [];
  readonly #timer = new WakeableTimer();
  #producer: Producer | undefined;
  /** Where messages of the batch that is on its way were put, until the broker has acknowledged them. */
  readonly #unanswered = new Set<string>();
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

  send(event: EventEnvelope, settled: Settled): void {
    let messages: Message[];
    try {
      messages = toMessages(event);
    } catch (error) {
      this.#refuse(event, settled, error);
      return;
    }
    const bytes = OVERHEAD_BYTES + Buffer.byteLength(event.data);
    this.#queue.push({ topic: `${this.client.prefix ?? ''}${event.topic}`, messages, bytes, event, settled });
    // The rest of what the relay has read comes along.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Throws while events are not taken by the broker. */
  check(): void {
    if (this.#failingSince !== undefined && performance.now() - this.#failingSince > UNHEALTHY_AFTER_MS) {
      throw new Error('Kafka does not take the events');
    }
  }

  /** What is on its way may arrive; what waits stays in the outbox. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#timer.wake();
    const late = new WakeableTimer();
    await Promise.race([this.#running, late.sleep(CLOSED_WITHIN_MS)]);
    late.wake();
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

  /** Never throws. Unsettled is only what was on its way when the sink was closed. */
  async #deliver(batch: readonly Outgoing[]): Promise<void> {
    for (let failures = 1; !this.#stopped; failures += 1) {
      try {
        await this.#publish(batch);
        this.#failingSince = undefined;
        await faultPoint(`${this.service}.after-publish`);
        this.log.published(batch.length);
        for (const { settled } of batch) settled();
        return;
      } catch (error) {
        const tooLarge = isTooLarge(error);
        // Other parts of the request may have been taken, and their sequence numbers with them.
        if (!isPassing(error) || failures % RECONNECT_EVERY === 0) await this.#dropProducer();
        if (tooLarge) return this.#deliverParts(batch, error);
        this.#failingSince ??= performance.now();
        const retryInMs = Math.min(RETRY_MAX_MS, 50 * 2 ** failures) * (0.5 + Math.random() / 2);
        const topics = [...new Set(batch.map(({ topic }) => topic))];
        this.log.publishFailed(error, topics, batch.length + this.#queue.length, retryInMs);
        await this.#timer.sleep(retryInMs);
      }
    }
  }

  /**
   * Throws unless every message is acknowledged. kafkajs says that a batch was sent when a partition of it went over,
   * meanwhile, to a broker that had answered for others (its issue 1303): what it sent nowhere is told by the answers.
   */
  async #publish(batch: readonly Outgoing[]): Promise<void> {
    const producer = await this.#connected();
    this.#unanswered.clear();
    const answers = await producer.sendBatch({ acks: -1, topicMessages: byTopic(batch) });
    for (const { topicName, partition } of answers) this.#unanswered.delete(placeOf(topicName, partition));
    if (this.#unanswered.size > 0) {
      throw new Error(`No broker has answered for ${[...this.#unanswered].join(', ')}`);
    }
  }

  async #deliverParts(batch: readonly Outgoing[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only) {
      this.#refuse(only.event, only.settled, error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#deliver(batch.slice(0, half));
    await this.#deliver(batch.slice(half));
  }

  /** No try will ever bring it through: the others go on without it, its row stays in the outbox for an operator. */
  #refuse(event: EventEnvelope, settled: Settled, error: unknown): void {
    this.log.refused(event, error);
    settled(codeOf(error));
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
          this.#unanswered.add(placeOf(message.topic, partition));
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

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(codeOf(error));
}

/** The broker is away or busy; the producer's numbers still hold. */
function isPassing(error: unknown): boolean {
  const { name } = error as { name?: string };
  return name === 'KafkaJSNumberOfRetriesExceeded' || name === 'KafkaJSConnectionError';
}
