import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Difference, DifferenceKind } from './reconciliation.dto.js';

/** More runs than a week of hourly ones. */
const KEPT_RUNS = 500;

export interface StoredRun {
  startedAt: Date;
  finishedAt: Date;
  payments: number;
  providerPayments: number;
  movements: number;
  /** The number of differences by kind. */
  counts: Partial<Record<DifferenceKind, number>>;
  differences: Difference[];
}

export async function insertRun(em: EntityManager, run: StoredRun): Promise<void> {
  await em.execute(sql`
    INSERT INTO reconciliation_run (started_at, finished_at, payments, provider_payments, movements, counts, differences)
    VALUES (${run.startedAt}, ${run.finishedAt}, ${run.payments}, ${run.providerPayments}, ${run.movements},
      ${JSON.stringify(run.counts)}::jsonb, ${JSON.stringify(run.differences)}::jsonb)`);
  await em.execute(sql`
    DELETE FROM reconciliation_run WHERE id <= (SELECT max(id) FROM reconciliation_run) - ${KEPT_RUNS}::bigint`);
}

export async function findLastRun(em: EntityManager): Promise<StoredRun | null> {
  const [row] = await em.execute<StoredRun[]>(sql`
    SELECT started_at AS "startedAt", finished_at AS "finishedAt", payments, provider_payments AS "providerPayments",
      movements, counts, differences
    FROM reconciliation_run ORDER BY id DESC LIMIT 1`);
  return row ?? null;
}
