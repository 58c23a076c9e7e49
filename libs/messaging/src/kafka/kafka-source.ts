import { randomUUID } from 'node:crypto';
import { topics as contracts } from '@roost/contracts';
import kafkajs, { type Admin, type EachBatchPayload, type Kafka } from 'kafkajs';
import type { EventEnvelope } from '../envelope.js';
import type { EventSource, ReadOptions } from '../operations/event-source.js';
import { fromMessage } from './kafka-message.js';

// Node finds no named export of it.
const { AssignerProtocol } = kafkajs;
const HEARTBEAT_MS = 2_000;

/** How far behind a service is, and by how many members its group listens. */
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

/** Reads events from Kafka, in a group of its own that is taken away again: nobody else's place moves. */
export class KafkaSource implements EventSource {
  constructor(
    private readonly kafka: Kafka,
    private readonly prefix = '',
  ) {}

  async *read({ topics, from, follow }: ReadOptions): AsyncGenerator<readonly EventEnvelope[]> {
    const names = (topics ?? [...contracts.keys()]).map((topic) => `${this.prefix}${topic}`);
    const groupId = `${this.prefix}roost-operator-${randomUUID()}`;
    const ends = await this.#withAdmin((admin) => endsOf(admin, names));
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
          await handOver.give(this.#eventsOf(payload), () => payload.heartbeat());
          if (follow) return;
          const place = `${payload.batch.topic}/${payload.batch.partition}`;
          const end = ends.get(place);
          if (end !== undefined && BigInt(payload.batch.lastOffset()) + 1n >= end) ends.delete(place);
          if (ends.size === 0) handOver.end();
        },
      });
      for (;;) {
        const batch = await handOver.take();
        if (!batch) return;
        if (batch.length > 0) yield batch;
      }
    } finally {
      follow?.removeEventListener('abort', stop);
      handOver.end();
      await consumer.disconnect();
      await this.#withAdmin((admin) => admin.deleteGroups([groupId])).catch(() => undefined);
    }
  }

  /**
   * What each of these services has still to handle, by the offsets that it has committed, of all the partitions of the
   * topics that it has committed offsets of or listens to now. A partition without an offset counts from its start.
   */
  async lags(services: readonly string[]): Promise<ServiceLag[]> {
    return this.#withAdmin(async (admin) => {
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
      const received = fromMessage(topic, batch.partition, message);
      return received.kind === 'event' ? [received.event] : [];
    });
  }

  async #withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

function topicsAssigned(assignment: Buffer): string[] {
  // A member that has just come has none yet.
  if (assignment.length === 0) return [];
  return Object.keys(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {});
}

/** Where each partition that holds something ends now. */
async function endsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) ends.set(`${topic}/${partition}`, BigInt(high));
    }
  }
  return ends;
}

/** One value at a time from who is called to who asks; `null` when it is over. */
class HandOver<T> {
  #value: T | null = null;
  #over = false;
  #failure: Error | null = null;
  #turn = turn();

  /** Comes back when the value has been taken and the next is asked for. */
  async give(value: T, heartbeat: () => Promise<void>): Promise<void> {
    if (this.#over) return;
    this.#value = value;
    this.#announce();
    while (this.#value !== null && !this.#over) {
      const taken = this.#turn.came;
      let timer: NodeJS.Timeout | undefined;
      const beat = new Promise<void>((resolve) => (timer = setTimeout(resolve, HEARTBEAT_MS)));
      await Promise.race([taken, beat]);
      clearTimeout(timer);
      await heartbeat();
    }
  }

  async take(): Promise<T | null> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const value = this.#value;
      if (value !== null) {
        this.#value = null;
        this.#announce();
        return value;
      }
      if (this.#over) return null;
      await this.#turn.came;
    }
  }

  end(): void {
    this.#over = true;
    this.#announce();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#announce();
  }

  #announce(): void {
    const { come } = this.#turn;
    this.#turn = turn();
    come();
  }
}

function turn(): { came: Promise<void>; come: () => void } {
  let come = () => undefined as void;
  const came = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { came, come };
}
