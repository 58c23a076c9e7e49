import {
  applyMigrations,
  createLogger,
  DatabaseConfig,
  type Environment,
  grantDataAccess,
  readSettings,
  StartError,
} from '@roost/platform';
import { z } from 'zod';
import type { ServiceDefinition } from './definition.js';
import { schemaOf } from './service-database.js';

const MigrateConfig = DatabaseConfig.pick({ DATABASE_URL: true, DATABASE_ROLE: true });

/**
 * Applies the pending migrations of a service as the owner of its tables, then gives the role of the running service access
 * to the data. Needs no other settings and no other server. Prints one line per step. Throws a `StartError`.
 */
export async function migrateService(
  definition: ServiceDefinition,
  env: Environment,
  print: (line: string) => void,
): Promise<void> {
  const { name, database = true } = definition;
  if (!database) throw new StartError(`${name} has no database: there is nothing to migrate.`);
  const config = readSettings<z.output<typeof MigrateConfig>>(MigrateConfig.shape, env);
  const schema = schemaOf(definition, config.DATABASE_URL, createLogger(name, 'warn'));
  await applyMigrations(schema, (migration) => print(`${name}: applied ${migration}`));
  print(`${name}: the tables are up to date`);
  if (config.DATABASE_ROLE === undefined) return;
  await grantDataAccess(schema, config.DATABASE_ROLE);
  print(`${name}: ${config.DATABASE_ROLE} can read and write the data`);
}
