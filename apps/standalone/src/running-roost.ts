import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addBackupGauge } from './backup-gauge.js';
import { SERVICES } from './config.js';
import { DemoData, PRODUCTION_MARK } from './demo/demo-data.js';
import { deleteAllData, isEmpty, type Storage } from './demo/storage.js';
import { demoAccounts } from './demo-accounts.js';
import { composeEnvironment, type Composition } from './environment.js';
import type { KafkaServer } from './events.js';
import { greeting } from './greeting.js';
import type { Database } from './parts.js';
import { storeInstance } from './running-instance.js';
import { type RunningServer, type Runtime, type StartContext, urlsOf } from './runtime.js';

/** The servers of a start. */
export interface Parts {
  database: Database;
  redis: { url: string };
  /** Null if events stay in this process. */
  kafka: KafkaServer | null;
}

/** The services and the demo data, on PostgreSQL, Redis and Kafka that run. */
export class Roost {
  #running: RunningServer[] = [];

  constructor(
    private readonly runtime: Runtime,
    private readonly context: StartContext,
    private readonly parts: Parts,
    private readonly composition: Composition,
  ) {}

  async run(): Promise<void> {
    const { config, terminal, services } = this.context;
    if (config.BACKUP_DIR !== undefined) addBackupGauge(config.BACKUP_DIR);
    const mark = join(this.composition.dataDir, PRODUCTION_MARK);
    if (config.ROOST_ENV === 'production') writeFileSync(mark, '');
    const mayHaveDemo =
      config.ROOST_ENV === 'development' &&
      SERVICES.every((name) => services.includes(name)) &&
      !existsSync(mark);
    const demo = mayHaveDemo ? this.#demoData() : null;
    await this.#prepareData(demo);
    await this.#serve(demo);
    terminal.print(await this.#greeting());
    if (demo) this.#load(demo);
  }

  /** Deletes what an interrupted or unwanted demo has left, and prepares the demo data of an empty Roost. */
  async #prepareData(demo: DemoData | null): Promise<void> {
    if (demo?.mustDeleteData) {
      this.context.terminal.step('demo data: deleting all data and starting over');
      await deleteAllData(this.#storage);
      demo.dataDeleted();
    }
    if (!(await isEmpty(this.#storage))) return;
    // Kafka may have events of databases that have been deleted.
    await this.parts.kafka?.deleteTopics();
    const isRequested = composeEnvironment('identity', this.composition).ROOST_DEMO === 'on';
    if (demo && isRequested) demo.prepare();
  }

  async #serve(demo: DemoData | null): Promise<void> {
    await this.parts.kafka?.applyTopics();
    this.#running = await this.runtime.serve(
      { ...this.context, composition: this.composition },
      async (urls) => demo?.replayHistory(urls),
    );
    storeInstance(this.composition, this.#running);
  }

  #load(demo: DemoData): void {
    demo.addPresent(urlsOf(this.#running));
    demo.onResetRequest(() => {
      this.#reset().catch((error: unknown) => this.context.shutdown.afterFailure(error));
    });
  }

  async #reset(): Promise<void> {
    const { terminal, shutdown } = this.context;
    terminal.print('\nDeleting all data and loading the demo data again, as "roost demo reset" requests.');
    await shutdown.stopServing();
    await deleteAllData(this.#storage);
    await this.parts.kafka?.deleteTopics();
    const demo = this.#demoData();
    demo.dataDeleted();
    demo.prepare();
    await this.#serve(demo);
    terminal.print('Roost is ready again.');
    this.#load(demo);
  }

  #demoData(): DemoData {
    const { terminal, shutdown, log } = this.context;
    const demo = new DemoData(
      this.composition.dataDir,
      (line) => terminal.step(line),
      (error, message) => log.error(error, message),
    );
    shutdown.first('demo data', () => demo.close());
    return demo;
  }

  async #greeting(): Promise<string> {
    const { config, services, log, terminal } = this.context;
    const { addresses, dataDir, redisUrl, kafkaBrokers } = this.composition;
    const publicUrl = composeEnvironment('gateway', this.composition).PUBLIC_URL ?? '';
    const accounts = services.includes('identity') ? await demoAccounts(addresses.identity) : null;
    return greeting({
      seconds: terminal.seconds(),
      publicUrl: publicUrl.replace(/\/$/, ''),
      services: this.#running.toSorted((a, b) => a.url.localeCompare(b.url, 'en', { numeric: true })),
      dataDir,
      postgres: this.parts.database.description,
      redis: new URL(redisUrl).host,
      kafka: kafkaBrokers,
      logFile: log.file,
      development: config.ROOST_ENV === 'development',
      hasGateway: services.includes('gateway'),
      accounts,
    });
  }

  get #storage(): Storage {
    return {
      databases: [...SERVICES, 'sandbox'].map((name) => `roost_${name}`),
      databaseUrl: this.parts.database.url,
      redisUrl: this.parts.redis.url,
      redisPrefix: this.context.config.REDIS_PREFIX,
      dataDir: this.composition.dataDir,
    };
  }
}
