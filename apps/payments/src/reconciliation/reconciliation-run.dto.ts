import { Instant } from '@roost/http';
import { z } from 'zod';
import { Difference } from './reconciliation.dto.js';
import type { StoredRun } from './reconciliation-run.queries.js';

export const ReconciliationRunView = z
  .object({
    startedAt: Instant,
    finishedAt: Instant,
    payments: z.int(),
    providerPayments: z.int(),
    movements: z.int(),
    counts: z
      .record(z.string(), z.int())
      .meta({ description: 'The number of differences by kind; a kind without differences is missing.' }),
    differences: z.array(Difference).meta({ description: 'The first 1,000.' }),
  })
  .meta({ id: 'ReconciliationRun' });
export type ReconciliationRunView = z.output<typeof ReconciliationRunView>;

export const toRunView = ({ startedAt, finishedAt, counts, ...run }: StoredRun): ReconciliationRunView => ({
  ...run,
  counts: { ...counts },
  startedAt: startedAt.toISOString(),
  finishedAt: finishedAt.toISOString(),
});
