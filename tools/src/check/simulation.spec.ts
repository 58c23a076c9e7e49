import { jest } from '@jest/globals';
import pg from 'pg';
import type { Difference } from './difference.js';
import {
  findDifferences,
  simulate,
  startRoostWithAlbany,
  untilAgreement,
  waitUntilIdle,
} from './inside-airbnb-fixture.js';
import type { RoostProcess } from './roost-process.js';
import { type SeededFault, seededFaults } from './seeded-faults.js';
import type { SimulationReport } from './simulation.js';

jest.setTimeout(300_000);

const seed = Number(process.env.ROOST_SEED ?? 1);

describe(`a simulation with 250 operations on Albany, seed ${seed}`, () => {
  let roost: RoostProcess;
  let report: SimulationReport;

  beforeAll(async () => {
    roost = await startRoostWithAlbany();
    report = await simulate(roost, { seed, operations: 250, guests: 20, hosts: 8 });
  });
  afterAll(() => roost?.stop());

  it('receives only expected responses and causes no deadlock', () => {
    expect(report.unexpected).toEqual([]);
    expect(roost.postgresLog).not.toMatch(/deadlock detected/);
  });

  it('leaves calendar, bookings, search, payments, refunds and ledger in agreement', () =>
    untilAgreement(roost));

  it('leaves them in agreement four days later, after holds have expired and stays have begun and ended', async () => {
    await roost.advance('P4D');
    await waitUntilIdle(roost);
    await untilAgreement(roost);
  });

  describe('with a seeded fault', () => {
    let now: Date;

    // Before the transactions: Roost processes due work when it returns the time, and would wait for their locks.
    beforeAll(async () => {
      now = await roost.advance('PT0S');
    });

    it.each(seededFaults)('reports $name', async (fault) => {
      const differences = await findDifferencesWith(roost, fault, now);
      expect(differences.map(({ rule }) => rule)).toEqual(expect.arrayContaining(fault.rules));
    });
  });
});

/** The differences that the check reports inside a transaction with a seeded fault. The transaction is rolled back. */
async function findDifferencesWith(
  roost: RoostProcess,
  fault: SeededFault,
  now: Date,
): Promise<Difference[]> {
  const client = new pg.Client({ connectionString: roost.databaseUrl(fault.database) });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(fault.sql);
    return await findDifferences(roost, {
      now,
      publicViews: fault.rules.some((rule) => /^search|public$/.test(rule)),
      query: async (database, text) =>
        database === fault.database ? (await client.query(text)).rows : await roost.query(database, text),
    });
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}
