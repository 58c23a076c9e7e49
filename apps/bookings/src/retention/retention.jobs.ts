import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, CONFIG, type Config, SweepEvery } from '@roost/platform';
import { addDuration } from '@roost/stay';
import type { BookingsConfig } from '../config.js';
import { deleteBookingTexts, deleteThreads } from './retention.queries.js';

const BATCH = 500;

/** Deletes what guests and hosts wrote to each other, when no dispute can need it any more (docs/privacy.md). */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  @SweepEvery(3600, 'retention.delete-texts')
  async deleteTexts(): Promise<void> {
    const now = this.clock.now();
    const before = addDuration(now, `-P${this.config.TEXT_RETENTION_DAYS}D`);
    await this.transactions.repeat(BATCH, (em) => deleteThreads(em, { before, limit: BATCH }));
    await this.transactions.repeat(BATCH, (em) => deleteBookingTexts(em, { before, now, limit: BATCH }));
  }
}
