import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Unfinished work towards the providers. Ages are in seconds, 0 without such work. */
export interface UnfinishedWork {
  operations: number;
  unclearOperations: number;
  unclearOperationsOldestSeconds: number;
  payouts: number;
  unclearPayouts: number;
  unclearPayoutsOldestSeconds: number;
  webhooks: number;
  webhooksOldestSeconds: number;
  parkedWebhooks: number;
}

/**
 * Each part reads a partial index of unfinished rows. The outcome of a call is unclear if it was made and has not been
 * stored: a call that is running now counts, so alerts look at the age.
 */
export async function readUnfinishedWork(em: EntityManager): Promise<UnfinishedWork> {
  const [work] = await em.execute<UnfinishedWork[]>(sql`
    SELECT o.operations, o.unclear AS "unclearOperations",
      coalesce(extract(epoch FROM clock_timestamp() - o.unclear_since)::float8, 0) AS "unclearOperationsOldestSeconds",
      p.payouts, p.unclear AS "unclearPayouts",
      coalesce(extract(epoch FROM clock_timestamp() - p.unclear_since)::float8, 0) AS "unclearPayoutsOldestSeconds",
      w.webhooks, coalesce(extract(epoch FROM clock_timestamp() - w.since)::float8, 0) AS "webhooksOldestSeconds",
      (SELECT count(*)::float8 FROM webhook_event WHERE outcome = 'parked') AS "parkedWebhooks"
    FROM (
      SELECT count(*)::float8 AS operations, (count(*) FILTER (WHERE tries > 0))::float8 AS unclear,
        min(created_at) FILTER (WHERE tries > 0) AS unclear_since
      FROM payment_operation WHERE status = 'pending') o, (
      SELECT count(*)::float8 AS payouts,
        (count(*) FILTER (WHERE tries > 0 AND provider_ref IS NULL))::float8 AS unclear,
        min(started_at) FILTER (WHERE tries > 0 AND provider_ref IS NULL) AS unclear_since
      FROM payout WHERE status = 'in_transit') p, (
      SELECT count(*)::float8 AS webhooks, min(received_at) AS since
      FROM webhook_event WHERE handled_at IS NULL) w`);
  if (!work) throw new Error('PostgreSQL returned no row');
  return work;
}
