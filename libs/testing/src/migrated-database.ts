import { createHash } from 'node:crypto';
import { messagingMigrations } from '@roost/messaging';
import { applyMigrations, Migration0000Platform, type MigrationClass } from '@roost/platform';
import type { ServiceDefinition } from '@roost/service';
import pg from 'pg';
import { pino } from 'pino';
import { databaseUrl, freshDatabase, freshDatabaseFrom, testServers } from './parts.js';

type Definition = Pick<ServiceDefinition, 'name' | 'migrations' | 'messaging'>;

const templates = new Map<string, Promise<string | null>>();

/**
 * A new database with the migrations of a service applied, copied from a template that the first spec of the run makes.
 * The template's name contains a hash of the migrations. A migration that fails here fails again when the service starts,
 * on an empty database.
 */
export async function migratedDatabase(definition: Definition): Promise<string> {
  const migrations: readonly MigrationClass[] = [
    Migration0000Platform,
    ...(definition.messaging === false ? [] : messagingMigrations),
    ...definition.migrations,
  ];
  const name = `template_${definition.name}_${hashOf(migrations)}`;
  const existing = templates.get(name);
  const template = existing ?? makeTemplate(name, definition.name, migrations);
  if (!existing) templates.set(name, template);
  const source = await template;
  const target = `roost_${definition.name}`;
  return source === null ? freshDatabase(target) : freshDatabaseFrom(source, target);
}

function hashOf(migrations: readonly MigrationClass[]): string {
  const hash = createHash('sha256');
  for (const migration of migrations) {
    // The source text of the class contains its statements.
    const code = 'class' in migration ? migration.class : migration;
    hash.update(`${migration.name}\n${String(code)}\n`);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Null if a migration fails. One process of the run makes the template while the others wait for its lock. */
async function makeTemplate(
  name: string,
  service: string,
  migrations: readonly MigrationClass[],
): Promise<string | null> {
  const { postgresUrl } = await testServers();
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length > 0) return name;
    const unfinished = `${name}_unfinished`;
    await applyMigrations({
      service,
      url: databaseUrl(postgresUrl, unfinished),
      migrations,
      logger: pino({ level: 'silent' }),
    });
    await client.query(
      `ALTER DATABASE ${pg.escapeIdentifier(unfinished)} RENAME TO ${pg.escapeIdentifier(name)}`,
    );
    return name;
  } catch {
    return null;
  } finally {
    await client.end();
  }
}
