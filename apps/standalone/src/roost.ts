import { existsSync } from 'node:fs';
import { usesSandbox } from '@roost/app-payments/config';
import { claimFolder } from '@roost/embedded';
import { type Environment, StartError } from '@roost/platform/start';
import { all } from './all.js';
import { addressesFrom, type Composition } from './environment.js';
import type { KafkaServer, startEvents } from './events.js';
import { openLog } from './log.js';
import { startCache, startDatabase } from './parts.js';
import { checkPorts, portsOf } from './ports.js';
import type { Parts } from './running-roost.js';
import type { Runtime, StartContext } from './runtime.js';
import { secretsIn } from './secrets.js';
import { readSettings } from './settings.js';
import { Shutdown } from './shutdown.js';
import { Terminal } from './terminal.js';

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
  if (env.ROOST_ENV?.trim() === 'production' && runtime.mode === 'distributed') {
    throw new StartError(
      'ROOST_ENV is production, and this is for development: in production each service is started by itself (see k8s/).',
    );
  }
  const config = await readSettings(env);
  const production = config.ROOST_ENV === 'production';
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
    sandbox: services.includes('payments') && !production && usesSandbox(config.PAYMENT_PROVIDERS),
    publicHost: config.BIND_HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    host: production ? '127.0.0.1' : (config.BIND_HOST ?? '127.0.0.1'),
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
  const { Roost } = await import('./running-roost.js');
  await new Roost(runtime, context, parts, composition).run();
}

async function startParts(
  runtime: Runtime,
  context: StartContext,
  { dataDir, givenRedis }: { dataDir: string; givenRedis: string | undefined },
): Promise<Parts> {
  const { config, terminal, shutdown } = context;
  const options = { dataDir, shutdown, log: (line: string) => terminal.step(line) };
  const cache = startCache({ url: givenRedis, port: config.REDIS_PORT }, options);
  const [database, redis, kafka] = await all([
    startDatabase(config, options),
    cache,
    runtime.mode === 'distributed' ? startKafka(config, options) : Promise.resolve(null),
    // Loading code blocks this process. It begins once Redis runs, when PostgreSQL also starts in a process of its own.
    cache.then(() => runtime.prepare?.(context)),
  ]);
  return { database, redis, kafka };
}

/** Kafka is started with the code of the event transport, which a start in one process does not load here. */
async function startKafka(...options: Parameters<typeof startEvents>): Promise<KafkaServer> {
  const { startEvents } = await import('./events.js');
  return await startEvents(...options);
}
