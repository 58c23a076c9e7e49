import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { Difference, isBalanced, totalOf } from './reconciliation.dto.js';
import {
  type FinishedRun,
  runFailures,
  runScopes,
  runStatuses,
  type RunSummary,
  type StoredRun,
} from './reconciliation-run.queries.js';

const result = {
  payments: z.int(),
  providerPayments: z.int(),
  movements: z.int(),
  counts: z
    .record(z.string(), z.int())
    .meta({ description: 'The number of differences by kind; a kind without differences is missing.' }),
};

export const ReconciliationRunView = z
  .object({
    id: Uuid,
    scope: z.enum(runScopes),
    since: Instant.nullable(),
    startedAt: Instant,
    finishedAt: Instant,
    ...result,
    differences: z.array(Difference).meta({ description: 'The first 1,000.' }),
  })
  .meta({ id: 'ReconciliationRun' });
export type ReconciliationRunView = z.output<typeof ReconciliationRunView>;

export const StartReconciliation = z
  .strictObject({
    scope: z.enum(runScopes).default('full').meta({
      description:
        '`recent`: only the last `RECONCILIATION_DAYS` at the providers. The checks of the own database are always complete.',
    }),
  })
  .meta({ id: 'StartReconciliation' });
export type StartReconciliation = z.output<typeof StartReconciliation>;

export const RunSummaryView = z
  .object({
    id: Uuid,
    status: z.enum(runStatuses),
    scope: z.enum(runScopes),
    since: Instant.nullable().meta({
      description: 'The start of the window of a recent run. The providers are read from a day earlier.',
    }),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
    failureCode: z.enum(runFailures).nullable().meta({
      description:
        '`interrupted`: its processes ended several times. `too_long`: it ran for 24 hours. `error`: see the log.',
    }),
    ...result,
    providerPayments: z
      .int()
      .meta({ description: 'While it runs: the number that was read at the providers so far.' }),
    complete: z.boolean().meta({
      description:
        'Whether everything was compared: it has ended, no provider was unreachable, and no comparison was stopped.',
    }),
    differenceCount: z.int(),
    balanced: z.boolean().nullable().meta({
      description: 'Whether the ledger is balanced and agrees with the payments; null without a result.',
    }),
  })
  .meta({ id: 'ReconciliationRunSummary' });
export type RunSummaryView = z.output<typeof RunSummaryView>;

export const RunSummaryPage = Page(RunSummaryView);

export const RunDetailsView = RunSummaryView.extend({
  differences: z.array(Difference).meta({ description: 'The first 1,000.' }),
  moreDifferences: z.int().meta({ description: 'The number of further differences.' }),
}).meta({ id: 'ReconciliationRunDetails' });
export type RunDetailsView = z.output<typeof RunDetailsView>;

export const LastRunQuery = z.strictObject({ scope: z.enum(runScopes).optional() });
export type LastRunQuery = z.output<typeof LastRunQuery>;

export const RunsQuery = z.strictObject({
  ...PageQuery,
  status: z.enum(runStatuses).optional(),
  scope: z.enum(runScopes).optional(),
});
export type RunsQuery = z.output<typeof RunsQuery>;

export const toRunView = (run: FinishedRun): ReconciliationRunView => ({
  id: run.id,
  scope: run.scope,
  since: run.since?.toISOString() ?? null,
  startedAt: run.startedAt.toISOString(),
  finishedAt: run.finishedAt.toISOString(),
  payments: run.payments,
  providerPayments: run.providerPayments,
  movements: run.movements,
  counts: { ...run.counts },
  differences: run.differences,
});

export const toRunSummaryView = (run: RunSummary): RunSummaryView => ({
  id: run.id,
  status: run.status,
  scope: run.scope,
  since: run.since?.toISOString() ?? null,
  startedAt: run.startedAt.toISOString(),
  finishedAt: run.finishedAt?.toISOString() ?? null,
  failureCode: run.failureCode,
  payments: run.payments,
  providerPayments: run.providerPayments,
  movements: run.movements,
  counts: { ...run.counts },
  complete: run.complete,
  differenceCount: totalOf(run.counts),
  balanced: run.status === 'finished' ? isBalanced(run.counts) : null,
});

export const toRunDetailsView = (run: StoredRun): RunDetailsView => ({
  ...toRunSummaryView(run),
  differences: run.differences,
  moreDifferences: totalOf(run.counts) - run.differences.length,
});
