import { runsAllFaults } from '@roost/testing';
import { DISTRIBUTED, stopAll } from './launcher.js';
import { RecoveryDrill } from './recovery.fixture.js';

const TIMEOUT_MS = 600_000;

/** The recovery drill. With Kafka, which is lost as well, in the long run. */
describe.each([
  ['in one process', undefined],
  ...(runsAllFaults ? [['with Kafka', DISTRIBUTED] as const] : []),
])('a lost installation %s', (_mode, main) => {
  let drill: RecoveryDrill;
  beforeAll(() => {
    drill = new RecoveryDrill(main);
  });
  afterAll(async () => {
    drill.close();
    await stopAll();
  });

  test(
    'is restored to an instant, agrees with its provider, and pays nothing twice',
    async () => {
      await drill.start();
      await drill.backUp();
      await drill.goOn();
      await drill.lose();
      await drill.restore();
      await drill.expectBooksOfTheInstant();
      await drill.expectNoSecondPayout();
      await drill.expectDifferences();
      await drill.repair();
      await drill.expectNothingTwice();
      await drill.expectNewWork();
      console.log(drill.figures);
    },
    TIMEOUT_MS,
  );
});
