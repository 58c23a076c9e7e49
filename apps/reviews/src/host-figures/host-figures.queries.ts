import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';
import { listingIsSuspended } from '../listing/listing.queries.js';
import type { HostYear } from './domain/superhost.js';

export interface EvaluatedHost {
  hostId: string;
  completedStays: number;
  responsesDue: number;
  responsesInTime: number;
  medianResponseMinutes: number | null;
  superhost: boolean;
  evaluatedAt: Date;
}

/** Stores the figures of a host, who is then due to be evaluated, unless this version or a newer one is stored. */
export async function mirrorHostFigures(
  em: EntityManager,
  body: EventBody<'host.figures-changed'>,
  { version, now }: { version: number; now: Date },
): Promise<void> {
  await mirror(em, {
    table: 'host_figures',
    key: { host_id: body.hostId },
    version,
    values: {
      completed_stays: body.completedStays,
      completed_nights: body.completedNights,
      host_cancellations: body.hostCancellations,
      responses_due: body.responsesDue,
      responses_in_time: body.responsesInTime,
      median_response_minutes: body.medianResponseMinutes,
    },
  });
  // A rebuild of the figures handles known versions again: no host becomes due by them.
  await em.execute(sql`
    INSERT INTO host_evaluation AS e (host_id, figures_version, due_at) VALUES (${body.hostId}, ${version}, ${now})
    ON CONFLICT (host_id) DO UPDATE SET figures_version = excluded.figures_version, due_at = excluded.due_at
      WHERE e.figures_version < excluded.figures_version`);
}

/** Locks hosts that are due, with their ratings after `from`. Skips those that another replica evaluates. */
export async function lockDueHosts(
  em: EntityManager,
  { from, now, limit }: { from: Date; now: Date; limit: number },
): Promise<(HostYear & { hostId: string })[]> {
  return await em.execute<(HostYear & { hostId: string })[]>(sql`
    SELECT f.host_id AS "hostId", f.completed_stays AS "completedStays", f.completed_nights AS "completedNights",
           f.host_cancellations AS "hostCancellations", f.responses_due AS "responsesDue",
           f.responses_in_time AS "responsesInTime", rated.count AS ratings, rated.sum AS "overallSum"
      FROM host_evaluation e JOIN host_figures f USING (host_id)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS count, coalesce(sum(r.overall), 0)::int AS sum
         FROM review r
        WHERE r.recipient_id = f.host_id AND r.direction = 'guest_to_listing'
          AND r.published_at > ${from} AND r.published_at IS NOT NULL AND r.hidden_at IS NULL
          AND NOT EXISTS (SELECT FROM listing l WHERE l.listing_id = r.listing_id AND ${listingIsSuspended()})) rated
     WHERE e.due_at <= ${now} ORDER BY e.due_at LIMIT ${limit} FOR UPDATE OF e SKIP LOCKED`);
}

export async function storeEvaluations(
  em: EntityManager,
  hosts: readonly { hostId: string; superhost: boolean }[],
  { now, nextDueAt }: { now: Date; nextDueAt: Date },
): Promise<void> {
  await em.execute(sql`
    UPDATE host_evaluation e SET superhost = h.superhost, evaluated_at = ${now}, due_at = ${nextDueAt}
      FROM jsonb_to_recordset(${JSON.stringify(hosts)}::jsonb) AS h ("hostId" uuid, superhost boolean)
     WHERE e.host_id = h."hostId"`);
}

/** The evaluated hosts among these users. Suspended and erased users are omitted. */
export async function findEvaluatedHosts(
  em: EntityManager,
  userIds: readonly string[],
): Promise<EvaluatedHost[]> {
  return await em.execute<EvaluatedHost[]>(sql`
    SELECT f.host_id AS "hostId", f.completed_stays AS "completedStays", f.responses_due AS "responsesDue",
           f.responses_in_time AS "responsesInTime", f.median_response_minutes AS "medianResponseMinutes",
           e.superhost, e.evaluated_at AS "evaluatedAt"
      FROM host_figures f JOIN host_evaluation e USING (host_id)
     WHERE f.host_id = ANY(ARRAY[${userIds}]::uuid[]) AND e.evaluated_at IS NOT NULL
       AND ${accountIsActive(sql.ref('f.host_id'))}`);
}

export async function eraseHostFigures(em: EntityManager, hostId: string): Promise<void> {
  await em.execute(sql`DELETE FROM host_evaluation WHERE host_id = ${hostId}`);
  await em.execute(sql`DELETE FROM host_figures WHERE host_id = ${hostId}`);
}
