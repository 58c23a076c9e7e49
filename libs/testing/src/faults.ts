import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { runFolder, testServers } from './parts.js';

/** Whether the long version of the fault suite runs: `ROOST_FAULTS=all npm run test:faults`. */
export const runsAllFaults = process.env.ROOST_FAULTS === 'all';

/** A Kafka namespace for one spec: its topics and groups begin with `prefix`. */
export async function freshKafka(): Promise<{ brokers: string; prefix: string }> {
  const { kafkaBrokers } = await testServers();
  if (!kafkaBrokers)
    throw new Error('This spec needs Kafka: name it *.faults.ts and run it through npm run test:faults.');
  return { brokers: kafkaBrokers, prefix: `t${randomBytes(6).toString('hex')}.` };
}

/** A broker that one spec may kill and restart on the same port and data. */
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

  /** Sends SIGKILL and waits for the end of the process. */
  async kill(): Promise<void> {
    const { running } = this;
    if (running?.pid == null) throw new Error('The broker is not running.');
    process.kill(running.pid, 'SIGKILL');
    await running.stop({ keepFolder: true });
    this.running = null;
  }

  /** Suspends the process, with its connections, until `thaw()`. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    this.running ??= await startKafka({ dataDir: this.dataDir, port: this.port, temporary: true });
  }

  async close(): Promise<void> {
    await this.running?.stop();
    this.running = null;
  }

  private signal(name: NodeJS.Signals): void {
    if (this.running?.pid == null) throw new Error('The broker is not running.');
    process.kill(this.running.pid, name);
  }
}
