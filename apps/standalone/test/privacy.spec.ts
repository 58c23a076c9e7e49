import { readFileSync } from 'node:fs';
import { migratedDatabase } from '@roost/testing';
import pg from 'pg';
import { definitions } from '../src/services.js';
import { NOT_PERSONAL, NOT_PERSONAL_NAMES } from './not-personal.js';

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
const EVERY_SERVICE = 'Every service';

/** The `table.column` names in the first column of the tables of docs/privacy.md, by heading. */
const documented = new Map<string, Set<string>>();
const page = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
for (const section of page.split(/^## /m).slice(1)) {
  const [heading = ''] = section.split('\n', 1);
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const names = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+\.\w+)`/g)]);
  documented.set(heading.trim(), new Set(names.map(([, name]) => name ?? '')));
}

async function columnsOf(service: (typeof SERVICES)[number]): Promise<[table: string, column: string][]> {
  const client = new pg.Client({ connectionString: await migratedDatabase(await definitions[service]()) });
  await client.connect();
  try {
    const { rows } = await client.query<{ table: string; column: string }>(
      `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
       WHERE table_schema = 'public' ORDER BY 1, 2`,
    );
    return rows.map(({ table, column }) => [table, column]);
  } finally {
    await client.end();
  }
}

const isListed = (group: string, table: string, column: string): boolean =>
  NOT_PERSONAL[group]?.[table]?.split(' ').includes(column) ?? false;

const isNotPersonal = (service: string, table: string, column: string): boolean =>
  isListed(service, table, column) || isListed(EVERY_SERVICE, table, column);

const isPersonal = (service: string, table: string, column: string): boolean =>
  [service, EVERY_SERVICE].some((heading) => documented.get(heading)?.has(`${table}.${column}`));

describe.each(SERVICES)('the columns of %s', (service) => {
  it('are personal, in docs/privacy.md, or known as not personal', async () => {
    const columns = await columnsOf(service);
    const undecided = columns.filter(
      ([table, column]) =>
        !isPersonal(service, table, column) &&
        !isNotPersonal(service, table, column) &&
        !NOT_PERSONAL_NAMES.some((name) => name.test(column)),
    );
    expect(undecided.map((names) => names.join('.'))).toEqual([]);
  });

  it('include all that are listed, each once', async () => {
    const existing = new Set((await columnsOf(service)).map((names) => names.join('.')));
    const personal = [...(documented.get(service) ?? [])];
    const others = Object.entries(NOT_PERSONAL[service] ?? {}).flatMap(([table, columns]) =>
      columns.split(' ').map((column) => `${table}.${column}`),
    );
    expect(personal).not.toEqual([]);
    expect([...personal, ...others].filter((name) => !existing.has(name))).toEqual([]);
    expect(personal.filter((name) => others.includes(name))).toEqual([]);
  });
});
