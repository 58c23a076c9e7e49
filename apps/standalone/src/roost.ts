import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder } from '@roost/embedded';
import { type Environment, readConfig, StartError } from '@roost/platform';
import { all } from './all.js';
import { type Service, SERVICES, StandaloneConfig } from './config.js';
import type { ServiceUrls } from './demo/caller.js';
import { DemoData, PRODUCTION_MARK } from './demo/demo-data.js';
import { empty, type Holdings, isEmpty } from './demo/empty.js';
import { demoAccounts } from './demo-accounts.js';
import {
  addressesFrom,
  composeEnvironment,
  type Composition,
  DEFAULT_METRICS_PORT,
  portOf,
} from './environment.js';
import { greeting } from './greeting.js';
import { type Log, openLog } from './log.js';
import { startCache, startDatabase, startEvents } from './parts.js';
import { checkPorts } from './ports.js';
import { secretsIn } from './secrets.js';
import { Shutdown } from './shutdown.js';
import { Terminal } from './terminal.js';

/** What the ways to run Roost differ in: where its services live, and who carries their events. */
export interface Hosting {
  mode: 'embedded' | 'distributed';
  /** While the parts below start. */
  prepare?(ground: Ground): Promise<void>;
  /** Starts what serves, the gateway after `beforeGateway`. Gives back what answers where. */
  serve(
    ground: Ground & { composition: Composition },
    beforeGateway: (urls: ServiceUrls) => Promise<void>,
  ): Promise<RunningAt[]>;
}

export interface RunningAt {
  name: string;
  url: string;
}

/** What everything that is started stands on. */
export interface Ground {
  config: ReturnType<typeof readConfig<typeof StandaloneConfig>>;
  services: readonly Service[];
  /** Whether the sandbox provider runs, too. */
  sandbox: boolean;
  /** What is listened on. */
  host: string;
  log: Log;
  terminal: Terminal;
  shutdown: Shutdown;
}

/** Runs all of Roost until it is told to stop. */
export async function runRoost(hosting: Hosting): Promise<void> {
  const terminal = new Terminal();
  const shutdown = new Shutdown(terminal);
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    await start(hosting, process.env, terminal, shutdown);
  } catch (error) {
    await shutdown.afterFailure(error);
  }
}

async function start(
  hosting: Hosting,
  env: Environment,
  terminal: Terminal,
  shutdown: Shutdown,
): Promise<void> {
  const config = readConfig(StandaloneConfig, withGeneratedSecrets(env), { database: false });
  const production = config.ROOST_ENV === 'production';
  const distributed = hosting.mode === 'distributed';
  if (production && distributed) {
    throw new StartError(
      'ROOST_ENV is production, and this is for development: in production each service is started by itself (see k8s/).',
    );
  }
  const host = config.BIND_HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  const addresses = addressesFrom(env);
  const services = config.ROOST_SERVICES;
  const runs = (name: Service) => services.includes(name);
  const sandbox = runs('payments') && !production && config.PAYMENT_PROVIDERS.includes('sandbox');
  const givenRedis = env.REDIS_URL?.trim();

  const claim = claimFolder(config.ROOST_DATA_DIR);
  shutdown.last('data folder', async () => claim.release());
  const dataDir = claim.folder;
  const log = await openLog({ production, dataDir, level: config.LOG_LEVEL, terminal });
  shutdown.log = log;

  const said = (line: string) => terminal.step(line);
  const here = '127.0.0.1';
  await checkPorts(
    [
      ...services.map((name) => ({
        what: name as string,
        port: portOf(addresses[name]),
        set: name === 'gateway' ? 'PORT' : `${name.toUpperCase()}_URL`,
        host,
      })),
      ...(runs('gateway')
        ? [
            {
              what: 'metrics of the gateway',
              port: config.METRICS_PORT ?? DEFAULT_METRICS_PORT,
              set: 'METRICS_PORT',
              host,
            },
          ]
        : []),
      ...(sandbox ? [{ what: 'sandbox', port: portOf(addresses.sandbox), set: 'SANDBOX_URL', host }] : []),
      ...(config.DATABASE_URL
        ? []
        : [{ what: 'PostgreSQL', port: config.POSTGRES_PORT, set: 'POSTGRES_PORT', host: here }]),
      ...(givenRedis ? [] : [{ what: 'Redis', port: config.REDIS_PORT, set: 'REDIS_PORT', host: here }]),
      ...(config.KAFKA_BROKERS || !distributed
        ? []
        : [{ what: 'Kafka', port: config.KAFKA_PORT, set: 'KAFKA_PORT', host: here }]),
    ],
    claim.afterDeath,
    said,
  );
  const secrets = secretsIn(dataDir);

  const around = { dataDir, said, shutdown };
  const ground: Ground = { config, services, sandbox, host, log, terminal, shutdown };
  const [database, redis, kafka] = await all([
    startDatabase(config, around),
    startCache({ url: givenRedis, port: config.REDIS_PORT }, around),
    distributed ? startEvents(config, around) : Promise.resolve(null),
    hosting.prepare?.(ground) ?? Promise.resolve(),
  ]);

  const composition: Composition = {
    env,
    secrets,
    addresses,
    dataDir,
    databaseUrl: database.url,
    redisUrl: redis.url,
    kafkaBrokers: kafka?.brokers ?? null,
  };
  let running: RunningAt[] = [];
  const serve = async (demo: DemoData | null) => {
    await kafka?.applyTopics();
    running = await hosting.serve({ ...ground, composition }, async (urls) => demo?.livePast(urls));
  };

  const holdings: Holdings = {
    databases: [...SERVICES, 'sandbox'].map((name) => `roost_${name}`),
    databaseUrl: database.url,
    redisUrl: redis.url,
    redisPrefix: config.REDIS_PREFIX,
    dataDir,
  };
  const demoData = () => {
    const demo = new DemoData(dataDir, said, (error, message) => log.keep(error, message));
    shutdown.first('demo data', () => demo.close());
    return demo;
  };
  const mark = join(dataDir, PRODUCTION_MARK);
  if (production) writeFileSync(mark, '');
  const mayHaveDemo = config.ROOST_ENV === 'development' && SERVICES.every(runs) && !existsSync(mark);
  const demo = mayHaveDemo ? demoData() : null;
  const wanted = composeEnvironment('identity', composition).ROOST_DEMO === 'on';
  if (demo?.mustEmpty) {
    said('demo data: starting over with nothing');
    await empty(holdings);
    demo.emptied();
  }
  if (await isEmpty(holdings)) {
    // Events of databases that are gone would be told to the new ones.
    await kafka?.empty();
    if (demo && wanted) demo.begin();
  }
  await serve(demo);

  const accounts = runs('identity') ? await demoAccounts(addresses.identity) : null;
  const publicUrl = composeEnvironment('gateway', composition).PUBLIC_URL ?? '';
  terminal.say(
    greeting({
      seconds: terminal.seconds(),
      publicUrl: publicUrl.replace(/\/$/, ''),
      services: order(running),
      dataDir,
      postgres: database.shown,
      redis: new URL(redis.url).host,
      kafka: kafka?.brokers ?? null,
      logFile: log.file,
      development: config.ROOST_ENV === 'development',
      hasGateway: runs('gateway'),
      accounts,
    }),
  );

  const startOver = async () => {
    terminal.say('\nEmptying Roost and loading the demo data anew, as "roost demo reset" asks.');
    await shutdown.stopServing();
    await empty(holdings);
    await kafka?.empty();
    const fresh = demoData();
    fresh.emptied();
    fresh.begin();
    await serve(fresh);
    terminal.say('Roost is ready again.');
    attend(fresh);
  };
  const attend = (current: DemoData) => {
    current.addTheRest(urlsOf(running));
    current.onRequest(() => startOver().catch((error: unknown) => shutdown.afterFailure(error)));
  };
  if (demo) attend(demo);
}

export function urlsOf(running: readonly RunningAt[]): ServiceUrls {
  return Object.fromEntries(running.map(({ name, url }) => [name, url])) as ServiceUrls;
}

/** Production needs a key of its own: the one that is about to be made, or read from the data folder, is one. */
function withGeneratedSecrets(env: Environment): Environment {
  const given = env.ENCRYPTION_KEY?.trim() || env.ENCRYPTION_KEY_FILE?.trim();
  return given ? env : { ...env, ENCRYPTION_KEY: 'made once and kept in the data folder' };
}

function order(running: readonly RunningAt[]): RunningAt[] {
  return running.toSorted((a, b) => a.url.localeCompare(b.url, 'en', { numeric: true }));
}
