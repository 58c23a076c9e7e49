import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '@roost/app-sandbox';
import { claimFolder, portTaken, startPostgres, startRedis } from '@roost/embedded';
import { EmbeddedBus } from '@roost/messaging';
import { createLogger, type Environment, readConfig, startService, StartError } from '@roost/platform';
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
import { openLog } from './log.js';
import { secretsIn } from './secrets.js';
import { definitions } from './services.js';
import { Shutdown } from './shutdown.js';
import { Terminal } from './terminal.js';

/** Runs all of Roost until it is told to stop. */
export async function main(): Promise<void> {
  const terminal = new Terminal();
  const shutdown = new Shutdown(terminal);
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    await start(process.env, terminal, shutdown);
  } catch (error) {
    await shutdown.afterFailure(error);
  }
}

async function start(env: Environment, terminal: Terminal, shutdown: Shutdown): Promise<void> {
  const config = readConfig(StandaloneConfig, withGeneratedSecrets(env), { database: false });
  const production = config.ROOST_ENV === 'production';
  const host = config.BIND_HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  const addresses = addressesFrom(env);
  const runs = (name: Service) => config.ROOST_SERVICES.includes(name);
  const sandbox = runs('payments') && !production && config.PAYMENT_PROVIDERS.includes('sandbox');

  const claim = claimFolder(config.ROOST_DATA_DIR);
  shutdown.last('data folder', async () => claim.release());
  const dataDir = claim.folder;
  const log = await openLog({ production, dataDir, level: config.LOG_LEVEL, terminal });
  shutdown.log = log;

  await checkPorts(
    [
      ...config.ROOST_SERVICES.map((name) => ({
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
        : [{ what: 'PostgreSQL', port: config.POSTGRES_PORT, set: 'POSTGRES_PORT', host: '127.0.0.1' }]),
      ...(env.REDIS_URL?.trim()
        ? []
        : [{ what: 'Redis', port: config.REDIS_PORT, set: 'REDIS_PORT', host: '127.0.0.1' }]),
    ],
    claim.afterDeath,
  );
  const secrets = secretsIn(dataDir);

  const said = (line: string) => terminal.step(line);
  const starting = {
    databaseUrl: startDatabase(config, dataDir, said, shutdown),
    redis: startRedis({
      dataDir: `${dataDir}/redis`,
      port: config.REDIS_PORT,
      url: env.REDIS_URL?.trim(),
      log: said,
    }).then((redis) => {
      shutdown.last('Redis', () => redis.stop());
      void redis.ended.then((why) => shutdown.because(why));
      said(redis.port === null ? 'Redis of REDIS_URL' : `Redis on port ${redis.port}`);
      return redis;
    }),
    code: Promise.all(
      config.ROOST_SERVICES.map(async (name) => ({ name, definition: await definitions[name]() })),
    ),
  };
  const [database, redis, code] = await all([starting.databaseUrl, starting.redis, starting.code]);
  said('code loaded');

  const composition: Composition = {
    env,
    secrets,
    addresses,
    dataDir,
    databaseUrl: database.url,
    redisUrl: redis.url,
  };
  let running: { name: string; url: string }[] = [];
  const serve = async (demo: DemoData | null) => {
    const bus = new EmbeddedBus();
    running = [];
    const open = async ({ name, definition }: (typeof code)[number]) => {
      const service = await startService(definition, {
        env: composeEnvironment(name, composition),
        bus,
        logger: createLogger(name, config.LOG_LEVEL, log.stream),
      }).catch((error: unknown) => {
        throw named(name, error);
      });
      shutdown.service(name, service);
      running.push({ name, url: service.url });
      said(`${name} on port ${service.port}`);
    };
    const provider = sandbox
      ? startSandboxFrom(
          composeEnvironment('sandbox', composition),
          host,
          createLogger('sandbox', config.LOG_LEVEL, log.stream),
        ).then((it) => {
          shutdown.after('sandbox', () => it.close());
          running.push({ name: 'sandbox provider', url: it.url });
          said(`sandbox provider on port ${it.port}`);
        })
      : Promise.resolve();
    const isGateway = ({ name }: { name: Service }) => name === 'gateway';
    await all([...code.filter((it) => !isGateway(it)).map(open), provider]);
    await demo?.livePast(urlsOf(running));
    // It makes its routes of their documents.
    await all(code.filter(isGateway).map(open));
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
  if (demo && wanted && (await isEmpty(holdings))) demo.begin();
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

function urlsOf(running: readonly { name: string; url: string }[]): ServiceUrls {
  return Object.fromEntries(running.map(({ name, url }) => [name, url])) as ServiceUrls;
}

/** Production needs a key of its own: the one that is about to be made, or read from the data folder, is one. */
function withGeneratedSecrets(env: Environment): Environment {
  const given = env.ENCRYPTION_KEY?.trim() || env.ENCRYPTION_KEY_FILE?.trim();
  return given ? env : { ...env, ENCRYPTION_KEY: 'made once and kept in the data folder' };
}

/** Waits for all; the first failure counts, and only once the others have ended too (they must be closed). */
async function all<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T>;
async function all(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value);
}

function order(running: { name: string; url: string }[]): { name: string; url: string }[] {
  return running.toSorted((a, b) => a.url.localeCompare(b.url, 'en', { numeric: true }));
}

function named(name: string, error: unknown): unknown {
  if (error instanceof StartError) return error;
  return new Error(`${name} can't start: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

async function checkPorts(
  wanted: { what: string; port: number; set: string; host: string }[],
  afterDeath: boolean,
): Promise<void> {
  const used = new Map<number, string>();
  for (const { what, port, set } of wanted) {
    const other = port === 0 ? undefined : used.get(port);
    if (other) throw new StartError(`${what} and ${other} are both set to port ${port}: change ${set}.`);
    used.set(port, what);
  }
  const taken: { what: string; port: number; set: string; why: string }[] = [];
  await Promise.all(
    wanted.map(async ({ what, port, set, host }) => {
      const why = port === 0 ? null : await portTaken(port, host, afterDeath ? 3_000 : 0);
      if (why) taken.push({ what, port, set, why });
    }),
  );
  const [first, ...others] = taken.toSorted((a, b) => a.port - b.port);
  if (!first) return;
  if (others.length === 0) {
    const { what, port, set, why } = first;
    throw new StartError(
      `Port ${port} (${what}) can't be used: ${why}; stop that program, or set ${set} to another.`,
    );
  }
  const list = [first, ...others].map(({ what, port }) => `${port} (${what})`).join(', ');
  const settings = [first, ...others].map(({ set }) => set).join(', ');
  throw new StartError(
    `Ports ${list} can't be used: ${first.why}. Is another Roost running? Stop it, or set ${settings} to others.`,
  );
}

async function startDatabase(
  config: { DATABASE_URL?: string; POSTGRES_PORT: number },
  dataDir: string,
  said: (line: string) => void,
  shutdown: Shutdown,
): Promise<{ url(database: string): string; shown: string }> {
  if (config.DATABASE_URL) {
    const base = config.DATABASE_URL;
    const url = (database: string) => {
      const address = new URL(base);
      address.pathname = `/${database}`;
      return address.href;
    };
    return { url, shown: new URL(base).host };
  }
  const postgres = await startPostgres({
    dataDir: `${dataDir}/postgres`,
    port: config.POSTGRES_PORT,
    log: said,
  });
  shutdown.last('PostgreSQL', () => postgres.stop());
  void postgres.ended.then((why) => shutdown.because(why));
  said(`PostgreSQL on port ${postgres.port}`);
  return {
    url: (database) => postgres.url(database),
    shown: `postgresql://roost@127.0.0.1:${postgres.port} (password in ${dataDir}/postgres/role.password)`,
  };
}

async function startSandboxFrom(env: Environment, host: string, logger: ReturnType<typeof createLogger>) {
  return startSandbox({
    host,
    port: Number(env.PORT),
    databaseUrl: env.DATABASE_URL ?? '',
    webhookUrl: env.SANDBOX_WEBHOOK_URL ?? '',
    webhookSecret: env.SANDBOX_WEBHOOK_SECRET ?? '',
    ...(env.SANDBOX_PUBLIC_URL ? { publicUrl: env.SANDBOX_PUBLIC_URL } : {}),
    logger,
  }).catch((error: unknown) => {
    throw named('the sandbox provider', error);
  });
}
