import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { runFolder, testParts } from './parts.js';

/** The long version of the fault suite was asked for: `ROOST_FAULTS=all npm run test:faults`. */
export const allFaults = process.env.ROOST_FAULTS === 'all';

/** A Kafka namespace that nobody else in this run has: topics and groups of one spec begin with `prefix`. */
export async function freshKafka(): Promise<{ brokers: string; prefix: string }> {
  const { kafkaBrokers } = await testParts();
  if (!kafkaBrokers)
    throw new Error('This spec needs Kafka: name it *.faults.ts and run it through npm run test:faults.');
  return { brokers: kafkaBrokers, prefix: `t${randomBytes(6).toString('hex')}.` };
}

/** A broker that one spec may kill: always on the same port, always with the same data. */
export class TestBroker {
  private constructor(
    private readonly dataDir: string,
    private readonly port: number,
    private running: EmbeddedKafka | null,
  ) {}

  static async start(): Promise<TestBroker> {
    const dataDir = mkdtempSync(join(runFolder(), 'broker-'));
    const running = await startKafka({ dataDir, temporary: true });
    return new TestBroker(dataDir, running.port ?? 0, running);
  }

  get brokers(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** kill -9; gives back once it is gone. */
  async kill(): Promise<void> {
    const { running } = this;
    if (running?.pid == null) throw new Error('The broker does not run.');
    process.kill(running.pid, 'SIGKILL');
    await running.stop({ keepFolder: true });
    this.running = null;
  }

  /** Stands still, connections and all, until `thaw()`. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  async startAgain(): Promise<void> {
    this.running ??= await startKafka({ dataDir: this.dataDir, port: this.port, temporary: true });
  }

  async close(): Promise<void> {
    await this.running?.stop();
    this.running = null;
  }

  private signal(name: NodeJS.Signals): void {
    if (this.running?.pid == null) throw new Error('The broker does not run.');
    process.kill(this.running.pid, name);
  }
}
