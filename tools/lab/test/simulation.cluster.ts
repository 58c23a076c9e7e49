import {
  simulate,
  importAlbany,
  untilAgreement,
  waitUntilIdle,
} from '../../src/check/inside-airbnb-fixture.js';
import { podsOf, APPS, roost as kubectl, isReady } from './roost-in-lab.js';
import { RoostUnderCheck } from './roost-under-check.js';

const minutes = Number(process.env.ROOST_SIMULATION_MINUTES ?? 3);
const seed = Number(process.env.ROOST_SEED ?? 1);

/** `ROOST_SIMULATION_MINUTES=60` is the long version, and `ROOST_SEED=7` selects another simulation. */
test(
  `random operations of 50 actors on two replicas of each app leave all data in agreement, seed ${seed}`,
  async () => {
    await RoostUnderCheck.use(async (roost) => {
      for (const app of APPS) expect((await podsOf(app)).filter(isReady)).toHaveLength(2);
      await importAlbany(roost);
      const log = (line: string) => console.info(line);
      const options = { seed, seconds: minutes * 60, guests: 36, hosts: 13, log };
      const report = await simulate(roost, options);
      const { responses, operations, slowestMillis } = report;
      console.info(
        `${operations} operations in ${minutes} min, the slowest in ${Math.round(slowestMillis)} ms`,
      );
      console.info(JSON.stringify(responses));
      expect(report.unexpected).toEqual([]);
      await untilAgreement(roost);
      await roost.advance('P4D');
      await waitUntilIdle(roost);
      await untilAgreement(roost);
      expect(await kubectl('logs', 'postgres-0')).not.toMatch(/deadlock detected/);
    });
  },
  (minutes + 30) * 60_000,
);
