import { jest } from '@jest/globals';
import { runsAllFaults } from '@roost/testing';
import { differences, lines, liveThrough, quiet, startAlbany } from './albany.js';

jest.setTimeout(900_000);

const first = Number(process.env.ROOST_SEED ?? 1);
const seeds = Array.from({ length: runsAllFaults ? 5 : 1 }, (_, index) => first + index);

/** The long version of lives.spec.ts: 2,000 operations of 50 actors. `ROOST_SEED=7` asks for other lives. */
it.each(seeds)(
  '2,000 random operations of 50 actors leave everything in agreement, seed %i',
  async (seed) => {
    const roost = await startAlbany();
    try {
      const report = await liveThrough(roost, { seed, operations: 2_000, guests: 36, hosts: 13 });
      console.info(`seed ${seed}: ${JSON.stringify(report.answers)}, slowest ${report.slowestMillis | 0} ms`);
      expect(report.wrong).toEqual([]);
      expect(lines(await differences(roost))).toBe('');
      await roost.advance('P4D');
      await quiet(roost);
      expect(lines(await differences(roost))).toBe('');
      expect(roost.postgresLog).not.toMatch(/deadlock detected/);
    } finally {
      await roost.stop();
    }
  },
);
