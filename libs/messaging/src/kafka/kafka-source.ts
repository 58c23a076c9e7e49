import { randomUUID } from 'node:crypto';
import { topics as contracts } from '@roost/contracts';
import kafkajs, { type Admin, type EachBatchPayload, type Kafka } from 'kafkajs';
import type { EventEnvelope } from '../envelope.js';
import type { EventSource, ReadOptions } from '../operations/event-source.js';
import { HandOver } from './hand-over.js';
import { withAdmin } from './kafka-admin.js';
import { parseMessage } from './kafka-message.js';

// Node finds no named export of it.
const { AssignerProtocol } = kafkajs;

/** How many messages a service has not handled, and how many members its consumer group has. */
export interface ServiceLag {
  readonly service: string;
  readonly members: number;
  /** By topic and partition. */
  readonly partitions: readonly PartitionLag[];
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly behind: number;
}

/** Reads events from Kafka in a temporary consumer group of its own, so that no other group's offsets change. */
export class KafkaSource implements EventSource {
  constructor(
    private readonly kafka: Kafka,
    private readonly prefix = '',
  ) {}

  async *read({ topics, from, follow }: ReadOptions): AsyncGenerator<readonly EventEnvelope[]> {
    const names = (topics ?? [...contracts.keys()]).map((topic) => `${this.prefix}${topic}`);
    const groupId = `${this.prefix}roost-operator-${randomUUID()}`;
    const ends = await withAdmin(this.kafka, (admin) => endsOf(admin, names));
    if (!follow && ends.size === 0) return;
    const handOver = new HandOver<EventEnvelope[]>();
    const stop = () => handOver.end();
    follow?.addEventListener('abort', stop, { once: true });
    const consumer = this.kafka.consumer({ groupId, retry: { retries: 5 } });
    consumer.on(consumer.events.CRASH, ({ payload }) => handOver.fail(payload.error));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: names, fromBeginning: from === 'start' });
      await consumer.run({
        autoCommit: false,
        eachBatch: async (payload) => {
          await handOver.put(this.#eventsOf(payload), () => payload.heartbeat());
          if (follow) return;
          const position = `${payload.batch.topic}/${payload.batch.partition}`;
          const end = ends.get(position);
          if (end !== undefined && BigInt(payload.batch.lastOffset()) + 1n >= end) ends.delete(position);
          if (ends.size === 0) handOver.end();
        },
      });
      for (;;) {
        const batch = await handOver.receive();
        if (!batch) return;
        if (batch.length > 0) yield batch;
      }
    } finally {
      follow?.removeEventListener('abort', stop);
      handOver.end();
      await consumer.disconnect();
      await withAdmin(this.kafka, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
    }
  }

  /**
   * How many messages each service has not handled, by its committed offsets, for the partitions of all topics for which
   * it has committed offsets or to which it listens now. A partition without an offset counts from its start.
   */
  async lags(services: readonly string[]): Promise<ServiceLag[]> {
    return withAdmin(this.kafka, async (admin) => {
      const groupIds = services.map((service) => `${this.prefix}${service}`);
      const { groups } = await admin.describeGroups(groupIds);
      return Promise.all(
        services.map(async (service, i): Promise<ServiceLag> => {
          const groupId = groupIds[i] ?? '';
          const members = groups.find((group) => group.groupId === groupId)?.members ?? [];
          const committed = await admin.fetchOffsets({ groupId });
          const topics = new Set([
            ...committed.map(({ topic }) => topic),
            ...members.flatMap(({ memberAssignment }) => topicsAssigned(memberAssignment)),
          ]);
          const lags = await Promise.all(
            [...topics].toSorted().map((topic) => this.#lagsOf(admin, groupId, topic)),
          );
          return { service, members: members.length, partitions: lags.flat() };
        }),
      );
    });
  }

  async #lagsOf(admin: Admin, groupId: string, topic: string): Promise<PartitionLag[]> {
    const [offsets, ends] = await Promise.all([
      admin.fetchOffsets({ groupId, topics: [topic] }),
      admin.fetchTopicOffsets(topic),
    ]);
    const committed = new Map(
      offsets[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    return ends
      .map(({ partition, low, high }) => {
        const read = Math.max(Number(low), committed.get(partition) ?? -1);
        return {
          topic: topic.slice(this.prefix.length),
          partition,
          behind: Math.max(0, Number(high) - read),
        };
      })
      .toSorted((a, b) => a.partition - b.partition);
  }

  #eventsOf({ batch }: EachBatchPayload): EventEnvelope[] {
    const topic = batch.topic.slice(this.prefix.length);
    return batch.messages.flatMap((message) => {
      const parsed = parseMessage(topic, batch.partition, message);
      return parsed.kind === 'event' ? [parsed.event] : [];
    });
  }
}

function topicsAssigned(assignment: Buffer): string[] {
  // A member that has just joined has no assignment yet.
  if (assignment.length === 0) return [];
  return Object.keys(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {});
}

/** The end offset of each partition that is not empty, by position. */
async function endsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) ends.set(`${topic}/${partition}`, BigInt(high));
    }
  }
  return ends;
}
