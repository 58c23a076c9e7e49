import { Inject } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Jobs, LOGGER, SweepEvery, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import { QUEUE } from '../operation/operation.queue.js';
import { PaperIssuer } from './paper-issuer.service.js';
import { PaperNumberer } from './paper-numberer.service.js';

const BATCH_SIZE = 200;
const BACKFILL_INTERVAL_MS = 60 * 60_000;

@Jobs(QUEUE)
export class PaperJobs {
  private nextBackfillMs = 0;

  constructor(
    private readonly issuer: PaperIssuer,
    private readonly numberer: PaperNumberer,
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Numbers new papers. After a start and then hourly it also issues missing papers: a replica of an older version issues none. */
  @SweepEvery(5, 'paper.issue')
  async issue(): Promise<void> {
    // First: a failing backfill must not stop the numbers of new papers.
    await this.numberer.run();
    if (this.clock.now().getTime() >= this.nextBackfillMs) await this.backfill();
  }

  private async backfill(): Promise<void> {
    for (;;) {
      const issued = await this.transactions.run((em) => this.issuer.issueMissing(em, BATCH_SIZE));
      if (issued > 0) this.logger.info({ papers: issued }, 'missing papers issued');
      // After each batch, so that a reader who waits for a number never waits for all.
      await this.numberer.run();
      if (issued < BATCH_SIZE) break;
    }
    this.nextBackfillMs = this.clock.now().getTime() + BACKFILL_INTERVAL_MS;
  }
}
