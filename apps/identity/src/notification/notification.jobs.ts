import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SweepEvery, SystemClock } from '@roost/platform';
import { clearFacts, CLEARED_BATCH } from './notification.queries.js';
import { NotificationService } from './notification.service.js';

/** As long as the mails themselves (session.jobs.ts). */
const FACTS_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** The job carries no data: the due notifications are read from the database. */
@Injectable()
export class NotificationJobs {
  constructor(
    private readonly notifications: NotificationService,
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  @SweepEvery(5, 'notification.send')
  async send(): Promise<void> {
    await this.notifications.sendDue();
  }

  /** The row stays: with it, a replayed event sends no second mail. */
  @SweepEvery(3600, 'notification.clear')
  async clear(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - FACTS_RETENTION_MS);
    await this.transactions.repeat(CLEARED_BATCH, (em) => clearFacts(em, before));
  }
}
