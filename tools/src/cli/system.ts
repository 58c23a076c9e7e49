import { join, resolve } from 'node:path';
import { runningInstance } from '@roost/app-standalone/composition';
import { runningKafka, runningPostgres, runningRedis } from '@roost/embedded';
import pg from 'pg';
import { UsageError, OperatorError } from './command.js';

/** The services with a database, in the order of docs/architecture.md. */
export const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The option of every command that selects the installation. */
export const LOCATION = {
  'data-dir': {
    type: 'string',
    description: 'the data folder of a Roost on this machine (default: ROOST_DATA_DIR, or .roost)',
  },
} as const;

type Options = Record<string, string | boolean | undefined>;

/** An installation as its operator reaches it: its databases, Redis and Kafka. */
export interface System {
  readonly dataDir: string;
  databaseUrl(service: string): string;
  /** Null: neither set nor running on the data folder. */
  readonly redisUrl: string | null;
  /** Null: embedded mode. */
  readonly kafkaBrokers: string | null;
  /** The addresses and the payment provider of the instance on the data folder; null if variables select the system. */
  settings(): Readonly<Record<string, string>> | null;
}

/**
 * The installation of DATABASE_URL, KAFKA_BROKERS and REDIS_URL if they are set, as for a service; else the one that runs on
 * the data folder. In DATABASE_URL `{service}` is replaced by the name of the service; without it, the database is
 * `roost_<service>`.
 */
export function findSystem(options: Options): System {
  const dataDir = dataDirOf(options);
  const given = process.env.DATABASE_URL?.trim();
  const databaseUrl = given ? (service: string) => databaseOf(given, service) : embedded(dataDir);
  return {
    dataDir,
    databaseUrl,
    redisUrl: process.env.REDIS_URL?.trim() || runningRedis(join(dataDir, 'redis')),
    kafkaBrokers: kafkaBrokersOf(options),
    settings: () => (given ? null : settingsOf(dataDir)),
  };
}

/** The settings of the instance that runs on the data folder. Settings of this shell may be those of another one. */
export function settingsOf(dataDir: string): Readonly<Record<string, string>> {
  const settings = runningInstance(dataDir);
  if (settings) return settings;
  throw new OperatorError(
    `No Roost is ready on ${dataDir}: start it with "npm start" and wait until it is ready, or pass its folder with --data-dir.`,
  );
}

/** From KAFKA_BROKERS, or of the installation on the data folder; null if there is neither. */
export function kafkaBrokersOf(options: Options): string | null {
  return process.env.KAFKA_BROKERS?.trim() || runningKafka(join(dataDirOf(options), 'kafka'));
}

export function dataDirOf(options: Options): string {
  return resolve(String(options['data-dir'] ?? (process.env.ROOST_DATA_DIR?.trim() || '.roost')));
}

function embedded(dataDir: string): (service: string) => string {
  const running = runningPostgres(join(dataDir, 'postgres'));
  if (!running) {
    throw new OperatorError(
      `No Roost runs on ${dataDir}: start it with "npm start", pass its folder with --data-dir, or set DATABASE_URL to the server with its databases.`,
    );
  }
  return (service) => running(`roost_${service}`);
}

function databaseOf(given: string, service: string): string {
  const named = given.replaceAll('{service}', service);
  if (!URL.canParse(named))
    throw new OperatorError('DATABASE_URL is not a URL such as postgres://user:password@host.');
  const url = new URL(named);
  if (named === given) url.pathname = `/roost_${service}`;
  return url.href;
}

/** The service of `--service`, or all. */
export function servicesOf(options: Options): readonly ServiceName[] {
  const { service } = options;
  return service === undefined ? SERVICES : [serviceNamed(String(service))];
}

export function serviceNamed(name: string): ServiceName {
  const service = SERVICES.find((existing) => existing === name);
  if (!service) throw new UsageError(`There is no service "${name}": use one of ${SERVICES.join(', ')}.`);
  return service;
}

export type Databases = ReadonlyMap<ServiceName, pg.Client>;

/** Opens connections to the databases of these services during `work`. */
export async function withDatabases<T>(
  system: System,
  services: readonly ServiceName[],
  work: (databases: Databases) => Promise<T>,
): Promise<T> {
  const databases = new Map<ServiceName, pg.Client>();
  try {
    for (const service of services) databases.set(service, await connect(service, system));
    return await work(databases);
  } finally {
    for (const client of databases.values()) await client.end().catch(() => undefined);
  }
}

async function connect(service: ServiceName, system: System): Promise<pg.Client> {
  const url = system.databaseUrl(service);
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'roost operator',
    statement_timeout: 60_000,
  });
  client.on('error', () => undefined); // the next query reports it
  try {
    await client.connect();
    const { rows } = await client.query<{ known: boolean }>(
      `SELECT to_regclass('outbox_event') IS NOT NULL AS known`,
    );
    if (rows[0]?.known !== true) throw new OperatorError(notStarted(service));
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(reasonOf(service, new URL(url), error as { code?: string; message: string }));
  }
}

const notStarted = (service: string) =>
  `The database of ${service} is empty: the service has not been started with it yet.`;

function reasonOf(service: string, url: URL, { code, message }: { code?: string; message: string }): string {
  if (code === '3D000') {
    return `There is no database ${url.pathname.slice(1)} at ${url.host}: is this the right server, and was ${service} started with it?`;
  }
  if (code === '28P01' || code === '28000') {
    return `PostgreSQL at ${url.host} rejects ${url.username}: check the user and the password in DATABASE_URL.`;
  }
  return `PostgreSQL at ${url.host} can't be reached (${code ?? message}): is it running, and is DATABASE_URL right?`;
}
