import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import type { Constructor, MigrationObject } from '@mikro-orm/core';
import { type Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import pg from 'pg';
import { StartError } from '../config/read-config.js';
import { currentScope } from '../context/request-scope.js';
import { TimeoutError, withTimeout } from '../timing/with-timeout.js';
import { isOutage } from './database-errors.js';
import { limitConnectionWait } from './connection-limit.js';
import { prepareStatements } from './prepared-statement.js';

export type MigrationClass = Constructor<Migration> | MigrationObject;

export interface DatabaseOptions {
  service: string;
  url: string;
  poolSize: number;
  /** How long a query waits for a free connection before it fails. */
  waitSeconds: number;
  entities: readonly (new () => object)[];
  migrations: readonly MigrationClass[];
  logger: Logger;
  /** Receives every error of a statement: those of requests, of jobs and of handlers of events. */
  onError?: (error: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const DATE = 1082;
const TIMESTAMPTZ = 1184;
const INT8 = 20;
const NUMERIC = 1700;

/** Opens the database of a service. Creates the database if it is missing and runs the pending migrations. */
export async function openDatabase(options: DatabaseOptions): Promise<MikroORM> {
  await createIfMissing(options);
  let initialized: MikroORM | null = null;
  const orm = await MikroORM.init({
    clientUrl: options.url,
    contextName: options.service,
    entities: [...options.entities],
    metadataProvider: ReflectMetadataProvider,
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    forceUtcTimezone: true,
    colors: false,
    logger: (message) => options.logger.debug({ message }, 'orm'),
    migrations: {
      tableName: 'schema_migration',
      snapshot: false,
      silent: true,
      migrationsList: options.migrations.map((migration) =>
        typeof migration === 'function' ? { name: migration.name, class: migration } : migration,
      ),
    },
    pool: { min: 0, max: options.poolSize, idleTimeoutMillis: 30_000 },
    context: () => initialized?.em && requestEntityManager(initialized, options.service),
    driverOptions: {
      application_name: `roost-${options.service}`,
      keepAlive: true,
      allowExitOnIdle: true,
      options: '-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s',
      onPoolCreated: (pool: pg.Pool) => {
        setTypeParsers(pool);
        prepareStatements(pool);
        limitConnectionWait(pool, options.waitSeconds * 1000);
        if (options.onError) observeErrors(pool, options.onError);
      },
    },
  });
  initialized = orm;
  try {
    await migrate(orm, options);
    return orm;
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

/** One EntityManager per request, created by its first read. */
function requestEntityManager(orm: MikroORM, service: string) {
  const context = currentScope();
  if (context?.service !== service) return undefined;
  return (context.em ??= orm.em.fork({ useContext: false, disableContextResolution: true }));
}

/** `timestamptz` as Date, `date` as string, `bigint` and `numeric` as numbers. */
function setTypeParsers(pool: pg.Pool): void {
  const types = (pool as pg.Pool & { options: { types: pg.CustomTypesConfig & SettableTypes } }).options
    .types;
  types.setTypeParser(DATE, (text) => text);
  types.setTypeParser(TIMESTAMPTZ, (text) => parseInstant(text));
  types.setTypeParser(INT8, Number);
  types.setTypeParser(NUMERIC, Number);
}

interface SettableTypes {
  setTypeParser(oid: number, parser: (text: string) => unknown): void;
}

/** Converts PostgreSQL's `2027-05-01 13:00:00.5+00` to RFC 3339 first. `infinity` stays a string. */
function parseInstant(text: string): Date | string {
  const instant = new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  return Number.isNaN(instant.getTime()) ? text : instant;
}

/** Not at the queries: MikroORM, Kysely and the pool call them in different ways, and some errors belong to no query. */
function observeErrors(pool: pg.Pool, onError: (error: unknown) => void): void {
  pool.on('connect', (client) => {
    (client as unknown as { connection: EventEmitter }).connection.on('errorMessage', onError);
  });
}

/** The time limit of pg also runs while the event loop is blocked, as it is while a process starts. */
async function connect(client: pg.Client): Promise<void> {
  try {
    await withTimeout(client.connect(), CONNECT_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    // `end` would wait for the server.
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    throw Object.assign(error, { code: 'ETIMEDOUT' });
  }
}

async function createIfMissing({ url, service }: DatabaseOptions): Promise<void> {
  const address = new URL(url);
  const database = decodeURIComponent(address.pathname.slice(1));
  if (database === '')
    throw new StartError(
      `DATABASE_URL of ${service} contains no database name: end it with /roost_${service}.`,
    );
  const direct = new pg.Client({ connectionString: url });
  try {
    await connect(direct);
    return;
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw connectionError(service, address, error);
  } finally {
    await direct.end().catch(() => undefined);
  }
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href });
  try {
    await connect(client);
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '42P04' || code === '23505') return; // another replica created it
    if (code === '42501')
      throw new StartError(
        `The database ${database} of ${service} is missing, and the role in DATABASE_URL may not create it: CREATE DATABASE ${database}.`,
      );
    throw connectionError(service, address, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function connectionError(service: string, address: URL, error: unknown): Error {
  const { code, message } = error as { code?: string; message: string };
  const where = `PostgreSQL at ${address.hostname}:${address.port || 5432}`;
  if (code === '28P01' || code === '28000')
    return new StartError(
      `${where} rejected the login of ${service}: check the user and password in DATABASE_URL.`,
    );
  if (code === '57P03')
    return new StartError(`${service} can't use ${where} yet: it is starting up or shutting down.`);
  if (isOutage(error))
    return new StartError(
      `${service} can't reach ${where} (${code ?? message}): is it running? DATABASE_URL is its URL.`,
    );
  return new StartError(`${service} can't use ${where}: ${message}.`, { cause: error });
}

/** One replica migrates; an advisory lock makes the others wait. */
async function migrate(orm: MikroORM, { service, url, logger }: DatabaseOptions): Promise<void> {
  const lock = new pg.Client({ connectionString: url });
  await connect(lock);
  try {
    await lock.query("SELECT pg_advisory_lock(hashtext('roost migrations'))");
    const done = await orm.migrator.up();
    if (done.length > 0) logger.info({ migrations: done.map(({ name }) => name) }, 'migrated');
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(`A migration of ${service} failed and was rolled back: ${message}`, {
      cause: error,
    });
  } finally {
    await lock.end().catch(() => undefined);
  }
}
