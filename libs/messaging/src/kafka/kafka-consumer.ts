import { setTimeout as sleep } from 'node:timers/promises';
import type { EventListener } from '../transport.js';
import { GroupMember } from './group-member.js';
import { kafkaClient, type KafkaClientOptions } from './kafka-client.js';
import type { KafkaLog } from './kafka-log.js';
import { requireTopics } from './required-topics.js';

const RESTART_FIRST_MS = 250;
const RESTART_MAX_MS = 10_000;
/** After a run of this length the delay before the next restart is the shortest again. */
const HEALTHY_AFTER_MS = 60_000;

export interface KafkaConsumerOptions {
  client: KafkaClientOptions;
  listener: EventListener;
  topics: readonly string[];
  log: KafkaLog;
  sessionMs?: number;
}

/** The consumer of one service: runs a member of its group, and replaces it by a new one after a crash. */
export class KafkaConsumer {
  readonly #stopping = new AbortController();
  #member: GroupMember | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: KafkaConsumerOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Commits the offsets of processed messages and leaves the group, so that other members take over at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Throws while no events can be received. */
  check(): void {
    if (!this.#member) throw new Error('The consumer is being restarted');
    this.#member.check();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { client, listener, topics, log, sessionMs } = this.options;
    for (let failures = 0; !signal.aborted;) {
      const startedAt = performance.now();
      try {
        const kafka = kafkaClient(client);
        const prefix = client.prefix ?? '';
        await requireTopics(kafka, topics, prefix);
        this.#member = new GroupMember({
          ...{ kafka, listener, topics, prefix, log },
          ...(sessionMs ? { sessionMs } : {}),
        });
        await this.#member.run(signal);
      } catch (error) {
        failures = performance.now() - startedAt > HEALTHY_AFTER_MS ? 1 : failures + 1;
        const retryInMs = Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** (failures - 1));
        log.crashed(error, retryInMs);
        this.#member = undefined;
        await sleep(retryInMs, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#member = undefined;
    log.stopped();
  }
}
