import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';

async function postgresUrl(): Promise<string> {
  const file = process.env['ROOST_TEST_PARTS'];
  if (!file)
    throw new Error('This spec needs the parts that jest.config.js starts: run it through npm test.');
  for (;;) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { postgresUrl: string }).postgresUrl;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** As @roost/testing has it; that lib stands on this one. */
export async function freshDatabase(name: string): Promise<string> {
  const server = await postgresUrl();
  const database = `${name}_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
