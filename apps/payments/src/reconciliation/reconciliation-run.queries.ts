import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Difference, DifferenceCounts } from './reconciliation.dto.js';

/** Those of almost three weeks, if one runs each hour. */
const KEPT_RUNS = 500;
/** Longer than a process needs to renew its lease several times. */
const LEASE_SECONDS = 60;

export const runScopes = ['full', 'recent'] as const;
export type RunScope = (typeof runScopes)[number];
export const runStatuses = ['running', 'finished', 'failed'] as const;
export const runFailures = ['interrupted', 'too_long', 'error'] as const;
export type RunFailure = (typeof runFailures)[number];

export interface RunSummary {
  /** The order of the runs. */
  position: number;
  id: string;
  status: (typeof runStatuses)[number];
  scope: RunScope;
  since: Date | null;
  failureCode: RunFailure | null;
  startedAt: Date;
  finishedAt: Date | null;
  /** It has compared everything: no provider was unreachable, and no comparison was stopped. */
  complete: boolean;
  payments: number;
  providerPayments: number;
  movements: number;
  counts: DifferenceCounts;
}

export interface StoredRun extends RunSummary {
  /** The first of them. */
  differences: Difference[];
}

/** A run that has ended with a result. */
export type FinishedRun = StoredRun & { finishedAt: Date };

/** The last runs with a result; null: none. */
export interface LastRuns {
  /** Of all. */
  any: RunSummary | null;
  /** Of those that have compared everything in their scope. */
  complete: RunSummary | null;
  /** Of those that have compared everything. */
  full: RunSummary | null;
}

export interface NewRun {
  id: string;
  scope: RunScope;
  since: Date | null;
  startedAt: Date;
}

export type RunResult = Pick<
  StoredRun,
  'complete' | 'payments' | 'providerPayments' | 'movements' | 'counts' | 'differences'
> & {
  finishedAt: Date;
};

/** A run that this process owns, until its lease ends or another process takes it over with the next number of `tries`. */
export interface ClaimedRun {
  id: string;
  since: Date | null;
  startedAt: Date;
  tries: number;
}

/** `id` is another column in `ORDER BY`: order by `position`. */
const summary = () => sql`id AS position, run_id AS id, status, scope, since, failure_code AS "failureCode",
  started_at AS "startedAt", finished_at AS "finishedAt", complete, payments, provider_payments AS "providerPayments", movements, counts`;

/** Stores a run as running; false if one of this scope is running. A refused start takes no id, unless two start at once. */
export async function insertRun(
  em: EntityManager,
  { id, scope, since, startedAt }: NewRun,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    INSERT INTO reconciliation_run (run_id, status, scope, since, started_at, payments, provider_payments, movements, counts,
      differences)
    SELECT ${id}, 'running', ${scope}, ${since}::timestamptz, ${startedAt}::timestamptz, 0, 0, 0, '{}', '[]'
    WHERE NOT EXISTS (SELECT FROM reconciliation_run WHERE status = 'running' AND scope = ${scope})
    ON CONFLICT (scope) WHERE status = 'running' DO NOTHING RETURNING true`);
  return rows.length > 0;
}

/** Leases a run to this process; null if it has ended or another process has its lease. */
export async function claimRun(em: EntityManager, id: string): Promise<ClaimedRun | null> {
  const [row] = await em.execute<ClaimedRun[]>(sql`
    UPDATE reconciliation_run
    SET tries = tries + 1, lease_until = clock_timestamp() + ${LEASE_SECONDS} * interval '1 second'
    WHERE run_id = ${id} AND status = 'running' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING run_id AS id, since, started_at AS "startedAt", tries`);
  return row ?? null;
}

/** Extends the lease and stores the progress; false if this process has lost the run. */
export async function renewRun(
  em: EntityManager,
  { id, tries }: ClaimedRun,
  providerPayments: number,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE reconciliation_run
    SET lease_until = clock_timestamp() + ${LEASE_SECONDS} * interval '1 second', provider_payments = ${providerPayments}
    WHERE run_id = ${id} AND tries = ${tries} AND status = 'running' RETURNING true`);
  return rows.length > 0;
}

/** Leaves a run to the next process at once. The try does not count. */
export async function releaseRun(em: EntityManager, { id, tries }: ClaimedRun): Promise<void> {
  await em.execute(sql`
    UPDATE reconciliation_run SET lease_until = NULL, tries = tries - 1
    WHERE run_id = ${id} AND tries = ${tries} AND status = 'running'`);
}

/** Stores the result of a run, and deletes old runs; false if this process has lost the run. */
export async function finishRun(
  em: EntityManager,
  { id, tries }: ClaimedRun,
  result: RunResult,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE reconciliation_run SET status = 'finished', lease_until = NULL, finished_at = ${result.finishedAt},
      complete = ${result.complete}, payments = ${result.payments}, provider_payments = ${result.providerPayments}, movements = ${result.movements},
      counts = ${JSON.stringify(result.counts)}::jsonb, differences = ${JSON.stringify(result.differences)}::jsonb
    WHERE run_id = ${id} AND tries = ${tries} AND status = 'running' RETURNING true`);
  await deleteOldRuns(em);
  return rows.length > 0;
}

/** Ids have gaps, and the last complete full run is needed however many others have ended since. */
async function deleteOldRuns(em: EntityManager): Promise<void> {
  await em.execute(sql`
    DELETE FROM reconciliation_run
    WHERE id <= (SELECT id FROM reconciliation_run ORDER BY id DESC OFFSET ${KEPT_RUNS} LIMIT 1) AND status <> 'running'
      AND id IS DISTINCT FROM (SELECT max(id) FROM reconciliation_run WHERE complete AND scope = 'full')`);
}

export async function failRun(
  em: EntityManager,
  { id, tries }: ClaimedRun,
  failure: { code: RunFailure; at: Date },
): Promise<void> {
  await em.execute(sql`
    UPDATE reconciliation_run
    SET status = 'failed', failure_code = ${failure.code}, finished_at = ${failure.at}, lease_until = NULL
    WHERE run_id = ${id} AND tries = ${tries} AND status = 'running'`);
  await deleteOldRuns(em);
}

/** The ids of running runs that no process has. */
export async function abandonedRuns(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT run_id AS id FROM reconciliation_run
    WHERE status = 'running' AND (lease_until IS NULL OR lease_until < clock_timestamp())`);
  return rows.map(({ id }) => id);
}

export async function findRun(em: EntityManager, id: string): Promise<StoredRun | null> {
  const [row] = await em.execute<StoredRun[]>(sql`
    SELECT ${summary()}, differences FROM reconciliation_run WHERE run_id = ${id}`);
  return row ?? null;
}

/** The newest run with a result, of one scope or of all. */
export async function findLastRun(em: EntityManager, scope: RunScope | null): Promise<FinishedRun | null> {
  const [row] = await em.execute<FinishedRun[]>(sql`
    SELECT ${summary()}, differences FROM reconciliation_run WHERE status = 'finished'
      AND (${scope}::text IS NULL OR scope = ${scope}) ORDER BY position DESC LIMIT 1`);
  return row ?? null;
}

export async function lastRuns(em: EntityManager): Promise<LastRuns> {
  const rows = await em.execute<RunSummary[]>(sql`
    SELECT ${summary()} FROM reconciliation_run WHERE id IN (
      (SELECT max(id) FROM reconciliation_run WHERE status = 'finished'),
      (SELECT max(id) FROM reconciliation_run WHERE complete),
      (SELECT max(id) FROM reconciliation_run WHERE complete AND scope = 'full')) ORDER BY position DESC`);
  const complete = rows.filter((run) => run.complete);
  return {
    any: rows[0] ?? null,
    complete: complete[0] ?? null,
    full: complete.find(({ scope }) => scope === 'full') ?? null,
  };
}

/** Newest first. */
export function listRuns(
  em: EntityManager,
  filter: { status?: string | undefined; scope?: string | undefined; before: number | null; limit: number },
): Promise<RunSummary[]> {
  const { status = null, scope = null, before, limit } = filter;
  return em.execute<RunSummary[]>(sql`
    SELECT ${summary()} FROM reconciliation_run
    WHERE (${status}::text IS NULL OR status = ${status}) AND (${scope}::text IS NULL OR scope = ${scope})
      AND (${before}::bigint IS NULL OR id < ${before}::bigint)
    ORDER BY position DESC LIMIT ${limit}`);
}
