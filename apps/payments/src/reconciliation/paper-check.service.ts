import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { paperDifferences } from './paper-check.queries.js';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';

const UNNUMBERED_MINUTES = 5;

/** Checks that receipts minus credit notes are what was captured minus what was refunded, and that no number is missing. */
@Injectable()
export class PaperCheckService implements ReconciliationCheck {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  async *run(): AsyncIterable<Difference> {
    const since = new Date(this.clock.now().getTime() - UNNUMBERED_MINUTES * 60_000);
    // One snapshot: a concurrent capture is no difference.
    const rows = await this.transactions.run((em) => paperDifferences(em, since));
    yield* rows.map((row) =>
      difference('paper.missing', `Missing: ${row.what}`, {
        paymentId: row.payment_id,
        currency: row.currency,
        expectedMinor: row.expected === null ? null : Number(row.expected),
        foundMinor: row.found === null ? null : Number(row.found),
      }),
    );
  }
}
