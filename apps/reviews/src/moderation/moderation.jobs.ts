import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, CONFIG, type Config, SweepEvery } from '@roost/platform';
import { addDuration } from '@roost/stay';
import type { ReviewsConfig } from '../config.js';
import { deleteReportComments } from './moderation.queries.js';

const BATCH = 500;

/** Deletes the comments of closed reports after the period of docs/privacy.md. */
@Injectable()
export class ModerationJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ReviewsConfig>,
  ) {}

  @SweepEvery(3600, 'moderation.delete-comments')
  async deleteComments(): Promise<void> {
    const closedBefore = addDuration(this.clock.now(), `-P${this.config.REPORT_RETENTION_DAYS}D`);
    await this.transactions.repeat(BATCH, (em) => deleteReportComments(em, { closedBefore, limit: BATCH }));
  }
}
