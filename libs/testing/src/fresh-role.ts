import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { randomSuffix, testServers } from './parts.js';

export interface FreshRole {
  name: string;
  /** The URL of a database with this role. */
  urlOf(databaseUrl: string): string;
}

/** A new role of the server without any privilege, as an operator creates it. Only the superuser can create one. */
export async function freshRole(name: string): Promise<FreshRole> {
  const { postgresUrl, postgresLog } = await testServers();
  const role = `${name}_${randomSuffix()}`;
  const superuser = new URL(postgresUrl);
  superuser.username = 'postgres';
  superuser.password = readFileSync(join(dirname(postgresLog), 'superuser.password'), 'utf8').trim();
  const client = new pg.Client({ connectionString: superuser.href });
  await client.connect();
  try {
    await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD 'only-for-tests'`);
  } finally {
    await client.end();
  }
  return {
    name: role,
    urlOf: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.username = role;
      url.password = 'only-for-tests';
      return url.href;
    },
  };
}
