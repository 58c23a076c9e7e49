import { jest } from '@jest/globals';
import pg from 'pg';
import { differences, lines, liveThrough, quiet, startAlbany } from './albany.js';
import type { Database, Difference } from './difference.js';
import type { LivesReport } from './lives.js';
import { plants } from './plants.js';
import type { Roost } from './roost.js';

jest.setTimeout(300_000);

const seed = Number(process.env.ROOST_SEED ?? 1);

describe(`random lives on Albany, seed ${seed}`, () => {
  let roost: Roost;
  let report: LivesReport;

  beforeAll(async () => {
    roost = await startAlbany();
    report = await liveThrough(roost, { seed, operations: 250, guests: 20, hosts: 8 });
  });
  afterAll(() => roost?.stop());

  it('give no answer that must not be, and no deadlock', () => {
    expect(report.wrong).toEqual([]);
    expect(roost.postgresLog).not.toMatch(/deadlock detected/);
  });

  it('leave calendar, bookings, search, payments, refunds and ledger in agreement', async () => {
    expect(lines(await differences(roost))).toBe('');
  });

  it('still agree after four more days: holds have run out, guests have come and gone', async () => {
    await roost.advance('P4D');
    await quiet(roost);
    expect(lines(await differences(roost))).toBe('');
  });

  it.each(plants)('$what is found', async ({ database, sql, found }) => {
    const shown = found.some((rule) => /^search|public$/.test(rule));
    const rules = new Set((await differencesWith(roost, database, sql, shown)).map(({ rule }) => rule));
    expect([...rules]).toEqual(expect.arrayContaining(found));
  });
});

/** What the check finds in a database where something was planted; it never gets committed. */
async function differencesWith(
  roost: Roost,
  planted: Database,
  sql: string,
  shown: boolean,
): Promise<Difference[]> {
  const client = new pg.Client({ connectionString: roost.databaseUrl(planted) });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    return await differences(roost, {
      shown,
      query: async (database, text) =>
        database === planted ? (await client.query(text)).rows : await roost.query(database, text),
    });
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}
