import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, SweepEvery, SystemClock } from '@roost/platform';
import { addDuration } from '@roost/stay';
import type { IdentityConfig } from '../config.js';
import { deleteReportTexts } from './report.queries.js';

const BATCH = 500;

/** Deletes the texts of decided reports, and the copied texts of their subjects, after the period of docs/privacy.md. */
@Injectable()
export class ReportJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  @SweepEvery(3600, 'report.delete-texts')
  async deleteTexts(): Promise<void> {
    const decidedBefore = addDuration(this.clock.now(), `-P${this.config.REPORT_RETENTION_DAYS}D`);
    await this.transactions.repeat(BATCH, (em) => deleteReportTexts(em, { decidedBefore, limit: BATCH }));
  }
}
