import { isEventType, topicsBy, topicsWith } from '@roost/contracts';
import type { Registry } from 'prom-client';
import { deadLetterTopic } from '../dead-letter-notice.js';
import type { MessagingLogger } from '../options.js';
import type { EventListener, EventSink, EventTransport } from '../transport.js';
import { kafkaClient, type KafkaClientOptions } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { KafkaLog } from './kafka-log.js';
import { KafkaSink } from './kafka-sink.js';
import { MissingTopics, requireTopics } from './required-topics.js';

export interface KafkaBusOptions extends Omit<KafkaClientOptions, 'clientId' | 'logger'> {
  /** The service's name: its consumer group, and part of its client id. */
  service: string;
  logger: MessagingLogger;
  metrics?: Registry;
  /** Without a heartbeat for this time the group removes a member; ≥ 1000. */
  sessionMs?: number;
}

/** Sends and delivers events over Kafka. A service has one, and closes it after its relay and its handlers have stopped. */
export class KafkaBus implements EventTransport {
  readonly #client: KafkaClientOptions;
  readonly #log: KafkaLog;
  readonly #sink: KafkaSink;
  #consumer: KafkaConsumer | undefined;

  constructor(private readonly options: KafkaBusOptions) {
    const { service, brokers, prefix, tls, sasl, logger } = options;
    this.#client = {
      brokers,
      clientId: `roost-${service}`,
      logger,
      ...(prefix ? { prefix } : {}),
      ...(tls === undefined ? {} : { tls }),
      ...(sasl ? { sasl } : {}),
    };
    this.#log = new KafkaLog(logger, options.metrics);
    this.#sink = new KafkaSink(this.#client, this.#log, service);
  }

  sinks(): Iterable<EventSink> {
    return [this.#sink];
  }

  onSinksChanged(): () => void {
    return () => undefined;
  }

  /**
   * Throws `MissingTopics` if the broker lacks a topic that this service publishes on or listens to. If the broker does
   * not respond, it returns and keeps trying to connect: services and brokers may start in any order.
   */
  async listen(listener: EventListener): Promise<() => Promise<void>> {
    if (this.#consumer) throw new Error(`${listener.service} already listens on this bus`);
    const topics = [...new Set([...listener.types].filter(isEventType).flatMap(topicsWith))];
    const own = [...topicsBy(listener.service), deadLetterTopic(listener.service)];
    try {
      await requireTopics(kafkaClient(this.#client), [...new Set([...topics, ...own])], this.options.prefix);
    } catch (error) {
      if (error instanceof MissingTopics) throw error;
      this.#log.unreachable(this.options.brokers, error);
    }
    const { sessionMs } = this.options;
    const consumer = new KafkaConsumer({
      client: this.#client,
      listener,
      topics,
      log: this.#log,
      ...(sessionMs ? { sessionMs } : {}),
    });
    this.#consumer = consumer;
    consumer.start();
    return async () => {
      await consumer.stop();
      this.#consumer = undefined;
    };
  }

  /** Throws while events can't be sent or received: the service is not ready. */
  check(): void {
    this.#sink.check();
    this.#consumer?.check();
  }

  async close(): Promise<void> {
    await this.#consumer?.stop();
    await this.#sink.close();
  }
}
