import { eventually, freshKafka } from '@roost/testing';
import {
  applyTopics,
  KafkaBus,
  kafkaClient,
  type KafkaBusOptions,
  type MessagingLogger,
} from '../src/index.js';
import { startNode, type Node, type NodeOptions } from './node.js';

export interface TestKafka {
  readonly brokers: string;
  readonly prefix: string;
}

/** The broker of the test run, with Roost's topics under a prefix of their own. */
export async function kafkaWithTopics(options: { partitions?: number } = {}): Promise<TestKafka> {
  const { brokers, prefix } = await freshKafka();
  await applyTopics(clientOf({ brokers, prefix }), { ...options, prefix });
  return { brokers, prefix };
}

export function clientOf({ brokers }: TestKafka): ReturnType<typeof kafkaClient> {
  return kafkaClient({ brokers: brokers.split(','), clientId: 'spec' });
}

/** Changes settings of a topic and returns once the broker's metadata shows them: a broker acknowledges a change earlier. */
export async function configure(
  kafka: TestKafka,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const name = `${kafka.prefix}${topic}`;
  const admin = clientOf(kafka).admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] });
    await eventually(async () => expect(await configsOf(kafka, [topic])).toMatchObject([settings]), {
      seconds: 60,
    });
  } finally {
    await admin.disconnect();
  }
}

/** The effective settings of each topic, from all sources. */
export async function configsOf(
  kafka: TestKafka,
  topics: readonly string[],
): Promise<Record<string, string>[]> {
  const admin = clientOf(kafka).admin();
  await admin.connect();
  const { resources } = await admin
    .describeConfigs({
      includeSynonyms: false,
      resources: topics.map((topic) => ({ type: 2, name: `${kafka.prefix}${topic}` })),
    })
    .finally(() => admin.disconnect());
  return resources.map(({ configEntries }) =>
    Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
  );
}

/** Records the log of a service. */
export class LogRecorder implements MessagingLogger {
  readonly lines: { level: 'info' | 'warn' | 'error'; message: string; fields: Record<string, unknown> }[] =
    [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields: { ...fields } });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, fields: { ...fields } });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, fields: { ...fields } });
  }

  /** The fields of all lines with this message. */
  fieldsOf(message: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }
}

export interface KafkaNode extends Node {
  readonly bus: KafkaBus;
  readonly log: LogRecorder;
}

export interface KafkaNodeOptions extends Omit<NodeOptions, 'bus' | 'logger'> {
  kafka: TestKafka;
  busOptions?: Partial<KafkaBusOptions>;
}

/** Starts a service with a bus of its own, as in a process of its own. */
export async function startKafkaNode({
  kafka,
  busOptions,
  ...options
}: KafkaNodeOptions): Promise<KafkaNode> {
  const log = new LogRecorder();
  const bus = new KafkaBus({
    service: options.service,
    brokers: kafka.brokers.split(','),
    prefix: kafka.prefix,
    logger: log,
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...busOptions,
  });
  try {
    const node = await startNode({ ...options, bus, logger: log });
    return {
      ...node,
      bus,
      log,
      close: async () => {
        await node.close();
        await bus.close();
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

export interface ReadMessage {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

/** Reads all messages of a topic with kafkajs only. */
export async function readTopic(kafka: TestKafka, name: string): Promise<ReadMessage[]> {
  const topic = `${kafka.prefix}${name}`;
  const client = clientOf(kafka);
  const admin = client.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const found: ReadMessage[] = [];
  const unread = new Set(ends.filter(({ high, low }) => high !== low).map(({ partition }) => partition));
  if (unread.size === 0) return found;
  const consumer = client.consumer({ groupId: `${kafka.prefix}reader-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        found.push({
          partition,
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
        });
        const end = ends.find((each) => each.partition === partition);
        if (BigInt(message.offset) + 1n >= BigInt(end?.high ?? 0)) unread.delete(partition);
        if (unread.size === 0) resolve();
      },
    });
  });
  await consumer.disconnect();
  return found;
}
