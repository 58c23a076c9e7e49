import { runsAllFaults } from '@roost/testing';
import { FolderBackup } from './folder-backup.fixture.js';
import { DISTRIBUTED, stopAll } from './launcher.js';
import { RecoveryDrill } from './recovery.fixture.js';
import { S3Backup } from './s3-backup.fixture.js';

const TIMEOUT_MS = 180_000;

/**
 * The recovery drill. With Kafka, which is lost as well, in the long run; `ROOST_DRILL=s3` restores from S3 instead of a folder.
 * Each test continues with the state of the previous one.
 */
const fromS3 = process.env.ROOST_DRILL === 's3';

describe.each<[string, string | undefined]>([
  ['in one process', undefined],
  ...(runsAllFaults ? [['with Kafka', DISTRIBUTED] satisfies [string, string]] : []),
])(`a lost installation %s${fromS3 ? ', with backups in S3' : ''}`, (_mode, main) => {
  let drill: RecoveryDrill;
  beforeAll(() => {
    drill = new RecoveryDrill(main, fromS3 ? new S3Backup() : new FolderBackup());
  });
  afterAll(async () => {
    console.log(drill.report());
    await drill.close().finally(stopAll);
  });

  const step = (name: string, work: () => Promise<void>) =>
    test(name, () => drill.step(name, work), TIMEOUT_MS);

  step('starts, with bookings that are paid and one that is not', () => drill.start());
  step(fromS3 ? 'is backed up twice' : 'is backed up, in full and incrementally', () => drill.backUp());
  step('goes on: a payment, two refunds, a payout and a booking', () => drill.goOn());
  step('is killed and loses its data folder', () => drill.lose());
  step('is restored to the instant before, and starts', () => drill.restore());
  step('has the books of that instant, and finds the payment at the provider', () =>
    drill.expectBooksOfTheInstant(),
  );
  step('publishes every event again, and handles none twice', () => drill.expectEventsSkipped());
  step('does not pay a host again', () => drill.expectNoSecondPayout());
  step('does not refund a guest again', () => drill.expectNoSecondRefund());
  step('reports everything that only the provider knows', () => drill.expectDifferences());
  step('agrees with the provider once that is entered', () => drill.repair());
  step('pays what is due, and nothing twice', () => drill.expectNothingTwice());
  step('takes new bookings, uses no number twice, and skips every event of a replay', () =>
    drill.expectNewWork(),
  );
});
