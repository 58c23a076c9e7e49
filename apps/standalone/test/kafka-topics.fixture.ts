import { randomUUID } from 'node:crypto';
import { kafkaClient } from '@roost/messaging';
import { eventually } from '@roost/testing';

const TOPIC_RESOURCE = 2;

export interface Message {
  topic: string;
  key: string;
  value: string | null;
}

/** The topics of a running Kafka, read and compacted without code of the services. */
export class KafkaTopics {
  private readonly client: ReturnType<typeof kafkaClient>;

  constructor(port: string | undefined) {
    this.client = kafkaClient({ brokers: [`127.0.0.1:${port}`], clientId: 'topics-spec' });
  }

  /** All messages of all topics, in the order of each partition. */
  async read(): Promise<Message[]> {
    const topics = await this.names();
    const unread = await this.ends(topics);
    const found: Message[] = [];
    const consumer = this.client.consumer({ groupId: `topics-spec-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch }) => {
        const { topic, partition, messages } = batch;
        for (const { key, value } of messages)
          found.push({ topic, key: String(key), value: value?.toString() ?? null });
        const position = `${topic}/${partition}`;
        // After a compaction, the last messages of a batch may not exist any more.
        if (BigInt(batch.lastOffset()) + 1n >= (unread.get(position) ?? 0n)) unread.delete(position);
        return Promise.resolve();
      },
    });
    await eventually(async () => expect([...unread.keys()]).toEqual([]), { seconds: 60 });
    await consumer.disconnect();
    return found;
  }

  /**
   * Lets the broker compact the state topics at once, instead of within a week. It does not compact the newest file of a
   * partition, so each partition gets a message after the others, a tombstone of a new key.
   */
  async compact(): Promise<void> {
    const admin = this.client.admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: (await this.names()).map((name) => ({ type: TOPIC_RESOURCE, name })),
    });
    const compacted = resources.filter(({ configEntries }) =>
      configEntries.some(
        ({ configName, configValue }) => configName === 'cleanup.policy' && configValue === 'compact',
      ),
    );
    const configEntries = Object.entries({
      ...{ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0', 'segment.ms': '1' },
      ...{ 'max.compaction.lag.ms': '1', 'delete.retention.ms': '0' },
    }).map(([name, value]) => ({ name, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: compacted.map(({ resourceName: name }) => ({ type: TOPIC_RESOURCE, name, configEntries })),
    });
    const { topics } = await admin.fetchTopicMetadata({
      topics: compacted.map(({ resourceName }) => resourceName),
    });
    await admin.disconnect();
    const producer = this.client.producer();
    await producer.connect();
    await producer.sendBatch({
      topicMessages: topics.map(({ name: topic, partitions }) => ({
        topic,
        messages: partitions.map(({ partitionId: partition }) => ({
          partition,
          key: randomUUID(),
          value: null,
        })),
      })),
    });
    await producer.disconnect();
  }

  private async names(): Promise<string[]> {
    const admin = this.client.admin();
    await admin.connect();
    const names = await admin.listTopics().finally(() => admin.disconnect());
    return names.filter((name) => !name.startsWith('__'));
  }

  /** The end of each partition that has messages. */
  private async ends(topics: readonly string[]): Promise<Map<string, bigint>> {
    const admin = this.client.admin();
    await admin.connect();
    const ends = new Map<string, bigint>();
    for (const topic of topics)
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (high !== low) ends.set(`${topic}/${partition}`, BigInt(high));
    await admin.disconnect();
    return ends;
  }
}
