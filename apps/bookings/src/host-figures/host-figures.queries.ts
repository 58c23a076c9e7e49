import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import type { EventBody } from '@roost/contracts';

export type HostFigures = EventBody<'host.figures-changed'>;

/** The figures count what happened after `from`. */
export interface FiguresPeriod {
  from: Date;
  now: Date;
}

/** A host has this long to respond, whatever `HOST_RESPONSE_HOURS` is: figures of all marketplaces are comparable. */
const RESPONSE_TIME = sql`interval '24 hours'`;
const SMALLEST_UUID = '00000000-0000-0000-0000-000000000000';

/** Locks the run if it is due; null if it is not, or if another replica has it. */
export async function lockDueRun(
  em: EntityManager,
  now: Date,
): Promise<{ lastHostId: string | null } | null> {
  const [run] = await em.execute<{ lastHostId: string | null }[]>(sql`
    SELECT last_host_id AS "lastHostId" FROM host_figures_run WHERE due_at <= ${now} FOR UPDATE SKIP LOCKED`);
  return run ?? null;
}

export async function continueRunAfter(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(sql`UPDATE host_figures_run SET last_host_id = ${hostId}`);
}

export async function endRun(em: EntityManager, nextDueAt: Date): Promise<void> {
  await em.execute(sql`UPDATE host_figures_run SET last_host_id = NULL, due_at = ${nextDueAt}`);
}

/** Hosts that are neither suspended nor erased, in the order of their ids. */
export async function findHosts(em: EntityManager, afterId: string | null, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT DISTINCT l.host_id AS id FROM listing_snapshot l
     WHERE l.host_id > ${afterId ?? SMALLEST_UUID} AND ${accountIsActive(sql.ref('l.host_id'))}
     ORDER BY 1 LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

/**
 * Computes and stores the figures of these hosts. Returns those that changed, with their new versions. A host for whom
 * nothing was ever counted has no row.
 */
export async function computeFigures(
  em: EntityManager,
  hostIds: readonly string[],
  { from, now }: FiguresPeriod,
): Promise<(HostFigures & { version: number })[]> {
  return await em.execute<(HostFigures & { version: number })[]>(sql`
    WITH host AS (SELECT unnest(ARRAY[${hostIds}]::uuid[]) AS id),
    asked AS (${enquiries(from)} UNION ALL ${requests(from)}),
    response AS (
      -- What was withdrawn, or is still open, counts once the host has had the time to respond.
      SELECT host_id, count(*) AS due, count(*) FILTER (WHERE answered_at <= asked_at + ${RESPONSE_TIME}) AS in_time,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY answered_at - asked_at) AS median
        FROM asked
       WHERE answered_at IS NOT NULL OR missed OR coalesce(withdrawn_at, ${now}::timestamptz) >= asked_at + ${RESPONSE_TIME}
       GROUP BY host_id),
    stay AS (
      SELECT host_id, count(*) FILTER (WHERE state = 'completed' AND check_out_at > ${from}) AS completed,
             sum(check_out_date - check_in_date) FILTER (WHERE state = 'completed' AND check_out_at > ${from}) AS nights,
             count(*) FILTER (WHERE state = 'cancelled' AND cancellation->>'by' = 'host'
               AND (cancellation->>'at')::timestamptz > ${from}) AS cancelled
        FROM host JOIN booking b ON b.host_id = host.id AND ${checksOutAfter(from)}
       WHERE state IN ('completed', 'cancelled') GROUP BY host_id),
    computed AS (
      SELECT host.id AS host_id, coalesce(completed, 0) AS completed, coalesce(nights, 0) AS nights,
             coalesce(cancelled, 0) AS cancelled, coalesce(due, 0) AS due, coalesce(in_time, 0) AS in_time,
             (extract(epoch FROM median) / 60)::int AS median_minutes
        FROM host LEFT JOIN response ON response.host_id = host.id LEFT JOIN stay ON stay.host_id = host.id)
    INSERT INTO host_figures AS stored (host_id, completed_stays, completed_nights, host_cancellations, responses_due,
      responses_in_time, median_response_minutes)
    SELECT computed.* FROM computed LEFT JOIN host_figures existing USING (host_id)
     WHERE completed + cancelled + due > 0 OR existing.host_id IS NOT NULL
    ON CONFLICT (host_id) DO UPDATE
      SET version = stored.version + 1, completed_stays = excluded.completed_stays,
          completed_nights = excluded.completed_nights, host_cancellations = excluded.host_cancellations,
          responses_due = excluded.responses_due, responses_in_time = excluded.responses_in_time,
          median_response_minutes = excluded.median_response_minutes
      WHERE (stored.completed_stays, stored.completed_nights, stored.host_cancellations, stored.responses_due,
             stored.responses_in_time, stored.median_response_minutes)
        IS DISTINCT FROM (excluded.completed_stays, excluded.completed_nights, excluded.host_cancellations,
             excluded.responses_due, excluded.responses_in_time, excluded.median_response_minutes)
    RETURNING host_id AS "hostId", version, completed_stays AS "completedStays", completed_nights AS "completedNights",
      host_cancellations AS "hostCancellations", responses_due AS "responsesDue",
      responses_in_time AS "responsesInTime", median_response_minutes AS "medianResponseMinutes"`);
}

export async function eraseHostFigures(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(sql`DELETE FROM host_figures WHERE host_id = ${hostId}`);
}

/**
 * The first message of each enquiry. The first message of the host answers it. Without an answer it does not count if the
 * host can't send one, because the guest is suspended or erased, or if an administrator hides it. The sender is excluded,
 * not selected: the messages of a thread are few, those of a host may be many.
 */
const enquiries = (from: Date) => sql`
  SELECT t.host_id, t.created_at AS asked_at, answer.at AS answered_at, false AS missed, NULL::timestamptz AS withdrawn_at
    FROM host JOIN thread t ON t.host_id = host.id AND t.booking_id IS NULL AND t.created_at > ${from}
   CROSS JOIN LATERAL (
     SELECT min(m.sent_at) AS at FROM message m WHERE m.thread_id = t.id AND m.sender_id <> t.guest_id) answer
   WHERE answer.at IS NOT NULL OR (${accountIsActive(sql.ref('t.guest_id'))} AND NOT coalesce((
     SELECT m.moderated_at IS NOT NULL FROM message m WHERE m.thread_id = t.id ORDER BY m.seq LIMIT 1), false))`;

/** The requests to book. The host answers by accepting or declining; a request that expires is missed. */
const requests = (from: Date) => sql`
  SELECT b.host_id, asked.at AS asked_at, CASE WHEN ended.event IN ('host_accepted', 'host_declined') THEN ended.at END,
         coalesce(ended.event IN ('response_overdue', 'check_in_reached'), false),
         CASE WHEN ended.event IN ('guest_cancelled', 'admin_cancelled') THEN ended.at END
    FROM host JOIN booking b ON b.host_id = host.id AND b.booking_mode = 'request' AND ${checksOutAfter(from)}
    JOIN booking_history asked ON asked.booking_id = b.id AND asked.at > ${from}
     AND asked.to_state = 'awaiting_host' AND asked.from_state <> 'awaiting_host'
    LEFT JOIN LATERAL (
      SELECT h.event, h.at FROM booking_history h
       WHERE h.booking_id = b.id AND h.id > asked.id AND h.from_state = 'awaiting_host' AND h.to_state <> 'awaiting_host'
       ORDER BY h.id LIMIT 1) ended ON true`;

/** A booking with a step after `from` has a check-out after it. A day more, because the date is one of the listing's time zone. */
const checksOutAfter = (from: Date) =>
  sql`b.check_out_date >= (${from}::timestamptz - interval '1 day')::date`;
