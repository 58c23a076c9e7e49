import { jest } from '@jest/globals';
import { runsAllFaults } from '@roost/testing';
import { simulate, startRoostWithAlbany, untilAgreement, waitUntilIdle } from './inside-airbnb-fixture.js';

jest.setTimeout(900_000);

const firstSeed = Number(process.env.ROOST_SEED ?? 1);
const seeds = Array.from({ length: runsAllFaults ? 5 : 1 }, (_, index) => firstSeed + index);

/** The long version of simulation.spec.ts. `ROOST_SEED=7` selects another simulation. */
it.each(seeds)('2,000 random operations of 50 actors leave all data in agreement, seed %i', async (seed) => {
  const roost = await startRoostWithAlbany();
  try {
    const report = await simulate(roost, { seed, operations: 2_000, guests: 36, hosts: 13 });
    const slowest = Math.round(report.slowestMillis);
    console.info(`seed ${seed}: ${JSON.stringify(report.responses)}, slowest response ${slowest} ms`);
    expect(report.unexpected).toEqual([]);
    await untilAgreement(roost);
    await roost.advance('P4D');
    await waitUntilIdle(roost);
    await untilAgreement(roost);
    expect(roost.postgresLog).not.toMatch(/deadlock detected/);
  } finally {
    await roost.stop();
  }
});
