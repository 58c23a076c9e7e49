import type { EventEmitter } from 'node:events';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { currentScope } from '../context/request-scope.js';
import { limitConnectionWait } from './connection-limit.js';
import { applyMigrations, requireMigrations, type Schema } from './migrator.js';
import { prepareStatements } from './prepared-statement.js';

export interface DatabaseOptions extends Schema {
  /** `require`: no statement changes a table, and pending migrations stop the start. */
  pendingMigrations: 'apply' | 'require';
  poolSize: number;
  /** How long a query waits for a free connection before it fails. */
  waitSeconds: number;
  entities: readonly (new () => object)[];
  /** Receives every error of a statement: those of requests, of jobs and of handlers of events. */
  onError?: (error: unknown) => void;
}

const DATE = 1082;
const TIMESTAMPTZ = 1184;
const INT8 = 20;
const NUMERIC = 1700;

/** Opens the database of a service, after its migrations. Throws a `StartError` for what the operator can correct. */
export async function openDatabase(options: DatabaseOptions): Promise<MikroORM> {
  if (options.pendingMigrations === 'apply') await applyMigrations(options);
  else await requireMigrations(options);
  let initialized: MikroORM | null = null;
  const orm = await MikroORM.init({
    clientUrl: options.url,
    contextName: options.service,
    entities: [...options.entities],
    metadataProvider: ReflectMetadataProvider,
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    forceUtcTimezone: true,
    colors: false,
    logger: (message) => options.logger.debug({ message }, 'orm'),
    pool: { min: 0, max: options.poolSize, idleTimeoutMillis: 30_000 },
    context: () => initialized?.em && requestEntityManager(initialized, options.service),
    driverOptions: {
      // MikroORM reads only a part of the URL: without this, it would ignore `sslmode`.
      connectionString: options.url,
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
  return orm;
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
