import type { MikroORM } from '@mikro-orm/postgresql';
import { messagingMigrations } from '@roost/messaging';
import {
  type CommonConfig,
  type DatabaseOptions,
  Migration0000Platform,
  openDatabase,
  type Schema,
} from '@roost/platform';
import type { Logger } from 'pino';
import type { ServiceDefinition } from './definition.js';

/** Opens the database of a service. */
export function openServiceDatabase(
  definition: ServiceDefinition,
  config: CommonConfig,
  { logger, onError }: Pick<DatabaseOptions, 'logger' | 'onError'>,
): Promise<MikroORM> {
  return openDatabase({
    ...schemaOf(definition, config.DATABASE_URL ?? '', logger),
    pendingMigrations: config.DATABASE_MIGRATIONS ?? 'apply',
    poolSize: config.DATABASE_POOL_SIZE ?? 10,
    waitSeconds: config.DATABASE_WAIT_SECONDS ?? 10,
    entities: definition.entities,
    ...(onError ? { onError } : {}),
  });
}

/** The database of a service, with the tables of the platform and of messaging. */
export function schemaOf(definition: ServiceDefinition, url: string, logger: Logger): Schema {
  const { name, messaging, migrations } = definition;
  return {
    service: name,
    url: withDatabaseName(url, name),
    migrations: [Migration0000Platform, ...(messaging === false ? [] : messagingMigrations), ...migrations],
    logger,
  };
}

/** A URL without a database name gets `roost_<service>`. */
function withDatabaseName(url: string, service: string): string {
  const address = new URL(url);
  if (address.pathname === '' || address.pathname === '/') address.pathname = `/roost_${service}`;
  return address.href;
}
