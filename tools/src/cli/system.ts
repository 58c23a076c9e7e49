import { join, resolve } from 'node:path';
import { runningKafka, runningPostgres, runningRedis } from '@roost/embedded';
import pg from 'pg';
import { Misuse, Refusal } from './command.js';

/** The services that keep something, in the order of docs/architecture.md. */
export const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** How every command says where the Roost is that it is about. */
export const LOCATION = {
  'data-dir': {
    type: 'string',
    description: 'the data folder of a Roost on this machine (default: ROOST_DATA_DIR, or .roost)',
  },
} as const;

type Options = Record<string, string | boolean | undefined>;

/** A Roost as its operator reaches it: its databases, and what else it stands on. */
export interface System {
  readonly dataDir: string;
  databaseUrl(service: string): string;
  /** Null: none is known. */
  readonly redisUrl: string | null;
  /** Null: events go from process to process by themselves (the embedded mode). */
  readonly kafkaBrokers: string | null;
}

/**
 * The Roost of DATABASE_URL, KAFKA_BROKERS and REDIS_URL where they are set, as for a service; else the one that runs on
 * the data folder. In DATABASE_URL `{service}` stands for the service's name; without it, the database is `roost_<service>`.
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
  };
}

/** Of KAFKA_BROKERS, or of the Roost on the data folder; null: neither is there. */
export function kafkaBrokersOf(options: Options): string | null {
  return process.env.KAFKA_BROKERS?.trim() || runningKafka(join(dataDirOf(options), 'kafka'));
}

export function dataDirOf(options: Options): string {
  return resolve(String(options['data-dir'] ?? (process.env.ROOST_DATA_DIR?.trim() || '.roost')));
}

function embedded(dataDir: string): (service: string) => string {
  const running = runningPostgres(join(dataDir, 'postgres'));
  if (!running) {
    throw new Refusal(
      `No Roost runs on ${dataDir}: start it with "npm start", name its folder by --data-dir, or set DATABASE_URL to the server that has its databases.`,
    );
  }
  return (service) => running(`roost_${service}`);
}

function databaseOf(given: string, service: string): string {
  const named = given.replaceAll('{service}', service);
  if (!URL.canParse(named))
    throw new Refusal('DATABASE_URL is no URL such as postgres://user:password@host.');
  const url = new URL(named);
  if (named === given) url.pathname = `/roost_${service}`;
  return url.href;
}

/** One service of the operator's choice, or all. */
export function servicesOf(options: Options): readonly ServiceName[] {
  const wanted = options.service;
  return wanted === undefined ? SERVICES : [serviceNamed(String(wanted))];
}

export function serviceNamed(name: string): ServiceName {
  const known = SERVICES.find((service) => service === name);
  if (!known) throw new Misuse(`There is no service "${name}": it is one of ${SERVICES.join(', ')}.`);
  return known;
}

export type Databases = ReadonlyMap<ServiceName, pg.Client>;

/** Connections to the databases of these services, for as long as the work lasts. */
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
  client.on('error', () => undefined); // the next query says it
  try {
    await client.connect();
    const { rows } = await client.query<{ known: boolean }>(
      `SELECT to_regclass('outbox_event') IS NOT NULL AS known`,
    );
    if (rows[0]?.known !== true) throw new Refusal(notStarted(service));
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof Refusal) throw error;
    throw new Refusal(reasonOf(service, new URL(url), error as { code?: string; message: string }));
  }
}

const notStarted = (service: string) =>
  `The database of ${service} is empty: that service has not been started on it yet.`;

function reasonOf(service: string, url: URL, { code, message }: { code?: string; message: string }): string {
  if (code === '3D000') {
    return `There is no database ${url.pathname.slice(1)} at ${url.host}: is that the right server, and has ${service} been started on it?`;
  }
  if (code === '28P01' || code === '28000') {
    return `PostgreSQL at ${url.host} refuses ${url.username}: check the user and the password in DATABASE_URL.`;
  }
  return `PostgreSQL at ${url.host} can't be reached (${code ?? message}): does it run, and is DATABASE_URL right?`;
}
