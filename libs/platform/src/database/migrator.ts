import type { Constructor, MigrationObject } from '@mikro-orm/core';
import { type Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type pg from 'pg';
import { StartError } from '../config/read-config.js';
import { createDatabaseIfMissing, type DatabaseAddress, withClient } from './connect.js';

export type MigrationClass = Constructor<Migration> | MigrationObject;

export interface Schema extends DatabaseAddress {
  migrations: readonly MigrationClass[];
  logger: Logger;
}

export const MIGRATION_TABLE = 'schema_migration';
const UNDEFINED_TABLE = '42P01';
const NO_PRIVILEGE = '42501';
const LOCK_TIMEOUT = '55P03';

/**
 * While a migration waits for a lock, later statements on the table wait behind it: shorter than the time that they have
 * themselves, so that the running version loses no request.
 */
const LOCK_TIMEOUT_SECONDS = 5;

/**
 * Creates the database if it is missing and applies the pending migrations, each in its own transaction. Processes that do
 * so at the same time wait for each other. Returns the names of the applied migrations.
 */
export async function applyMigrations(
  schema: Schema,
  onApplied: (name: string) => void = () => undefined,
): Promise<string[]> {
  await createDatabaseIfMissing(schema);
  return await withClient(schema, async (client) => {
    if ((await pendingMigrations(client, schema)).length === 0) return [];
    await client.query("SELECT pg_advisory_lock(hashtext('roost migrations'))");
    const applied = await migrate(schema, onApplied);
    if (applied.length > 0) schema.logger.info({ migrations: applied }, 'migrated');
    return applied;
  });
}

/**
 * Throws a `StartError` if migrations are pending. Migrations of a later version are no obstacle: they only extend what
 * this version uses.
 */
export async function requireMigrations(schema: Schema): Promise<void> {
  const { service } = schema;
  const pending = await withClient(schema, (client) => pendingMigrations(client, schema));
  if (pending.length === 0) return;
  const count = pending.length === 1 ? '1 pending migration' : `${pending.length} pending migrations`;
  throw new StartError(
    `The database of ${service} has ${count} (${pending.join(', ')}): run \`migrate\` with this version first.`,
  );
}

async function pendingMigrations(client: pg.Client, { service, migrations }: Schema): Promise<string[]> {
  const names = migrations.map(({ name }) => name);
  try {
    const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${MIGRATION_TABLE}`);
    const applied = new Set(rows.map(({ name }) => name));
    return names.filter((name) => !applied.has(name));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === UNDEFINED_TABLE) return names;
    if (code === NO_PRIVILEGE)
      throw new StartError(
        `The role in DATABASE_URL of ${service} may not read the tables: run \`migrate\` with DATABASE_ROLE set to this role.`,
        { cause: error },
      );
    throw error;
  }
}

async function migrate(
  { service, url, migrations, logger }: Schema,
  onApplied: (name: string) => void,
): Promise<string[]> {
  const orm = await MikroORM.init({
    clientUrl: url,
    contextName: `${service} migrations`,
    entities: [],
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    forceUtcTimezone: true,
    colors: false,
    logger: (message) => logger.debug({ message }, 'orm'),
    migrations: {
      tableName: MIGRATION_TABLE,
      snapshot: false,
      silent: true,
      // A migration that succeeded holds no locks while the next one runs, and is not repeated if that one fails.
      allOrNothing: false,
      migrationsList: migrations.map((migration) =>
        typeof migration === 'function' ? { name: migration.name, class: migration } : migration,
      ),
    },
    pool: { min: 0, max: 2 },
    driverOptions: {
      // MikroORM reads only a part of the URL.
      connectionString: url,
      application_name: `roost-${service}-migrate`,
      options: `-c statement_timeout=0 -c lock_timeout=${LOCK_TIMEOUT_SECONDS}s`,
    },
  });
  let current = MIGRATION_TABLE;
  const applied: string[] = [];
  orm.migrator.on('migrating', ({ name }) => {
    current = name;
  });
  orm.migrator.on('migrated', ({ name }) => {
    applied.push(name);
    onApplied(name);
  });
  try {
    await orm.migrator.up();
    return applied;
  } catch (error) {
    throw migrationError(service, current, error);
  } finally {
    await orm.close(true);
  }
}

function migrationError(service: string, migration: string, error: unknown): StartError {
  const { code } = error as { code?: string };
  const reason =
    code === LOCK_TIMEOUT
      ? `a table was in use for ${LOCK_TIMEOUT_SECONDS} seconds; try again`
      : databaseMessage(error);
  return new StartError(`${migration} of ${service} failed and was rolled back: ${reason}.`, {
    cause: error,
  });
}

/** The message of PostgreSQL, without the statement that MikroORM puts before it. */
function databaseMessage(error: unknown): string {
  const { message, previous } = error as Error & { previous?: Error };
  return (previous?.message ?? message).split('\n')[0] ?? '';
}
