import { Injectable } from '@nestjs/common';
import { Metrics, scrapedGauges } from '@roost/platform';
import { type DifferenceKind, differenceKinds, differenceRules } from './reconciliation.dto.js';
import type { LastRuns } from './reconciliation-run.queries.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';

/** A difference in the history at a provider stays until a complete run that reads it does not find it. */
const countOf = (kind: DifferenceKind, { any, complete, full }: LastRuns): number =>
  Math.max(
    ...[any, ...(differenceRules[kind].ofHistory ? [complete, full] : [])].map(
      (run) => run?.counts[kind] ?? 0,
    ),
  );

/** Gauges of the last reconciliations, read from the database on every scrape: each replica shows the same. */
@Injectable()
export class ReconciliationGauges {
  constructor(runs: ReconciliationRunService, { registry }: Metrics) {
    scrapedGauges(registry, () => runs.lastRuns(), [
      {
        name: 'roost_payments_reconciliation_differences',
        help: 'Differences that the last reconciliation found, by kind; those in the history of the providers also of the last complete and the last complete full one',
        labelNames: ['kind'],
        of: (found) => differenceKinds.map((kind) => [{ kind }, countOf(kind, found)] as const),
      },
      {
        name: 'roost_payments_reconciliation_age_seconds',
        help: 'Seconds since the last reconciliation ended; without one, since the start of the process',
        of: ({ any }) => runs.ageSeconds(any),
      },
      {
        name: 'roost_payments_reconciliation_full_age_seconds',
        help: 'Seconds since the last complete full reconciliation ended; without one, since the start of the process',
        of: ({ full }) => runs.ageSeconds(full),
      },
    ]);
    scrapedGauges(registry, () => runs.isRestorationOpen(), [
      {
        name: 'roost_payments_payouts_paused',
        help: '1 while payouts wait for a reconciliation without differences, after a restore from a backup',
        of: Number,
      },
    ]);
  }
}
