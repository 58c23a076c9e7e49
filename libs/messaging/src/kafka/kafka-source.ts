import { randomUUID } from 'node:crypto';
import { topics as contracts } from '@roost/contracts';
import type { Admin, EachBatchPayload, Kafka } from 'kafkajs';
import type { EventEnvelope } from '../envelope.js';
import type { EventSource, ReadOptions } from '../operations/event-source.js';
import { fromMessage } from './kafka-message.js';

const HEARTBEAT_MS = 2_000;

/** How far behind a service is in one partition. */
export interface PartitionLag {
  readonly service: string;
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

  /** What each of these services has still to handle, by the offsets that it has committed. */
  async lags(services: readonly string[]): Promise<PartitionLag[]> {
    return this.#withAdmin(async (admin) => {
      const lags: PartitionLag[] = [];
      for (const service of services) {
        const offsets = await admin.fetchOffsets({ groupId: `${this.prefix}${service}` });
        for (const { topic, partitions } of offsets) {
          const ends = await admin.fetchTopicOffsets(topic);
          for (const { partition, offset } of partitions) {
            const end = ends.find((it) => it.partition === partition);
            if (!end) continue;
            const read = Number(offset) < 0 ? Number(end.low) : Number(offset);
            const behind = Math.max(0, Number(end.high) - read);
            lags.push({ service, topic: topic.slice(this.prefix.length), partition, behind });
          }
        }
      }
      return lags;
    });
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
