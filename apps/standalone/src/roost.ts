import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder } from '@roost/embedded';
import { type Environment, readConfig, StartError } from '@roost/platform/start';
import { all } from './all.js';
import { SERVICES, StandaloneConfig } from './config.js';
import { DemoData, PRODUCTION_MARK } from './demo/demo-data.js';
import { deleteAllData, isEmpty, type Storage } from './demo/storage.js';
import { demoAccounts } from './demo-accounts.js';
import { addressesFrom, composeEnvironment, type Composition } from './environment.js';
import { greeting } from './greeting.js';
import { openLog } from './log.js';
import type { KafkaServer } from './events.js';
import { type Database, startCache, startDatabase } from './parts.js';
import { checkPorts, portsOf } from './ports.js';
import { type RunningServer, type Runtime, type StartContext, urlsOf } from './runtime.js';
import { secretsIn } from './secrets.js';
import { Shutdown } from './shutdown.js';
import { Terminal } from './terminal.js';

interface Parts {
  database: Database;
  redis: { url: string };
  /** Null if events stay in this process. */
  kafka: KafkaServer | null;
}

/** Runs all of Roost until it is stopped. */
export async function runRoost(runtime: Runtime): Promise<void> {
  const terminal = new Terminal();
  const shutdown = new Shutdown(terminal);
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    await start(runtime, { env: process.env, terminal, shutdown });
  } catch (error) {
    await shutdown.afterFailure(error);
  }
}

async function start(
  runtime: Runtime,
  { env, terminal, shutdown }: { env: Environment; terminal: Terminal; shutdown: Shutdown },
): Promise<void> {
  const config = readConfig(StandaloneConfig, withGeneratedSecrets(env), { database: false });
  const production = config.ROOST_ENV === 'production';
  if (production && runtime.mode === 'distributed') {
    throw new StartError(
      'ROOST_ENV is production, and this is for development: in production each service is started by itself (see k8s/).',
    );
  }
  const addresses = addressesFrom(env);
  const services = config.ROOST_SERVICES;
  const claim = claimFolder(config.ROOST_DATA_DIR);
  shutdown.last('data folder', async () => claim.release());
  const dataDir = claim.folder;
  const log = await openLog({ production, dataDir, level: config.LOG_LEVEL, terminal });
  shutdown.log = log;
  const context: StartContext = {
    config,
    services,
    sandbox: services.includes('payments') && !production && config.PAYMENT_PROVIDERS.includes('sandbox'),
    host: config.BIND_HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    log,
    terminal,
    shutdown,
  };
  const givenRedis = env.REDIS_URL?.trim();
  await checkPorts(portsOf(context, { addresses, ownRedis: !givenRedis, mode: runtime.mode }), {
    afterCrash: claim.afterCrash,
    log: (line) => terminal.step(line),
  });
  const secrets = secretsIn(dataDir);
  const parts = await startParts(runtime, context, { dataDir, givenRedis });
  const composition: Composition = {
    env,
    secrets,
    addresses,
    dataDir,
    databaseUrl: parts.database.url,
    redisUrl: parts.redis.url,
    kafkaBrokers: parts.kafka?.brokers ?? null,
  };
  await new Roost(runtime, context, parts, composition).run();
}

async function startParts(
  runtime: Runtime,
  context: StartContext,
  { dataDir, givenRedis }: { dataDir: string; givenRedis: string | undefined },
): Promise<Parts> {
  const { config, terminal, shutdown } = context;
  const options = { dataDir, shutdown, log: (line: string) => terminal.step(line) };
  const [database, redis, kafka] = await all([
    startDatabase(config, options),
    startCache({ url: givenRedis, port: config.REDIS_PORT }, options),
    runtime.mode === 'distributed' ? startEvents(config, options) : Promise.resolve(null),
    runtime.prepare?.(context) ?? Promise.resolve(),
  ]);
  return { database, redis, kafka };
}

/** The services and the demo data, on PostgreSQL, Redis and Kafka that run. */
class Roost {
  #running: RunningServer[] = [];

  constructor(
    private readonly runtime: Runtime,
    private readonly context: StartContext,
    private readonly parts: Parts,
    private readonly composition: Composition,
  ) {}

  async run(): Promise<void> {
    const { config, terminal, services } = this.context;
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

/** Production requires an ENCRYPTION_KEY. The generated one of the data folder is sufficient. */
function withGeneratedSecrets(env: Environment): Environment {
  const given = env.ENCRYPTION_KEY?.trim() || env.ENCRYPTION_KEY_FILE?.trim();
  return given ? env : { ...env, ENCRYPTION_KEY: 'generated once and stored in the data folder' };
}
