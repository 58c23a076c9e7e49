import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SweepEvery, SystemClock } from '@roost/platform';
import { deleteEndedBefore, type ExpiringTable, PURGE_BATCH } from './purge.queries.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long rows are stored after their end. Ended sessions allow the detection of a reused token. */
const RETENTION_DAYS: Record<ExpiringTable, number> = {
  session: 30,
  one_time_token: 1,
  login_attempt: 2,
  mail: 30,
  phone_code: 2,
  passkey_challenge: 0,
  oidc_sign_in: 0,
  account_log_entry: 365,
  live_event: 1,
  export_request: 30,
  signing_key: 1,
};

/** Deletes rows that no rule reads any more. */
@Injectable()
export class SessionJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  @SweepEvery(3600, 'session.purge')
  async purge(): Promise<void> {
    const now = this.clock.now().getTime();
    for (const [table, days] of Object.entries(RETENTION_DAYS) as [ExpiringTable, number][]) {
      const before = new Date(now - days * DAY_MS);
      await this.transactions.repeat(PURGE_BATCH, (em) => deleteEndedBefore(em, table, before));
    }
  }
}
