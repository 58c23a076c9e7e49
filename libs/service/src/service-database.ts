import type { MikroORM } from '@mikro-orm/postgresql';
import { messagingMigrations } from '@roost/messaging';
import {
  type CommonConfig,
  type DatabaseOptions,
  Migration0000Platform,
  openDatabase,
} from '@roost/platform';
import type { ServiceDefinition } from './definition.js';

/** Opens the database of a service, with the tables of the platform and of messaging. */
export function openServiceDatabase(
  definition: ServiceDefinition,
  config: CommonConfig,
  { logger, onError }: Pick<DatabaseOptions, 'logger' | 'onError'>,
): Promise<MikroORM> {
  const { name } = definition;
  return openDatabase({
    service: name,
    url: withDatabaseName(config.DATABASE_URL ?? '', name),
    poolSize: config.DATABASE_POOL_SIZE ?? 10,
    waitSeconds: config.DATABASE_WAIT_SECONDS ?? 10,
    entities: definition.entities,
    migrations: [
      Migration0000Platform,
      ...(definition.messaging === false ? [] : messagingMigrations),
      ...definition.migrations,
    ],
    logger,
    ...(onError ? { onError } : {}),
  });
}

/** A URL without a database name gets `roost_<service>`. */
function withDatabaseName(url: string, service: string): string {
  const address = new URL(url);
  if (address.pathname === '' || address.pathname === '/') address.pathname = `/roost_${service}`;
  return address.href;
}
