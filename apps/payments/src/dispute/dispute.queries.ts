import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import type { DisputesQuery, DisputeView } from './dispute.dto.js';
import type { DisputeStatus } from './domain/dispute-state.js';

/** Claims the search of a provider's disputes and sets the time of the next one; false if it is not due. */
export async function claimDisputeSearch(
  em: EntityManager,
  provider: string,
  intervalSeconds: number,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    INSERT INTO dispute_search AS stored (provider, check_at)
    VALUES (${provider}, clock_timestamp() + ${intervalSeconds} * interval '1 second')
    ON CONFLICT (provider) DO UPDATE SET check_at = excluded.check_at WHERE stored.check_at <= clock_timestamp()
    RETURNING true`);
  return rows.length > 0;
}

/** Claims open disputes whose check at the provider is due, oldest check first. */
export function claimOpenDisputes(
  em: EntityManager,
  intervalSeconds: number,
  limit: number,
): Promise<{ provider: string; ref: string }[]> {
  return em.execute<{ provider: string; ref: string }[]>(sql`
    UPDATE dispute d SET check_at = clock_timestamp() + ${intervalSeconds} * interval '1 second'
    FROM payment p WHERE p.id = d.payment_id AND d.id IN (
      SELECT id FROM dispute WHERE closed_at IS NULL AND check_at <= clock_timestamp()
      ORDER BY check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING p.provider, d.provider_ref AS ref`);
}

/** The recorded status of disputes by their reference at the provider. */
export async function recordedStatuses(
  em: EntityManager,
  provider: string,
  refs: readonly string[],
): Promise<Map<string, DisputeStatus>> {
  const rows = await em.execute<{ ref: string; status: DisputeStatus }[]>(sql`
    SELECT d.provider_ref AS ref, d.status FROM dispute d JOIN payment p ON p.id = d.payment_id
    WHERE p.provider = ${provider} AND d.provider_ref = ANY(ARRAY[${[...refs]}]::text[])`);
  return new Map(rows.map(({ ref, status }) => [ref, status]));
}

const Key = z.tuple([z.iso.datetime(), z.uuid()]);

type Row = Omit<DisputeView, 'evidenceDueAt' | 'openedAt' | 'closedAt'> & {
  evidenceDueAt: Date | null;
  openedAt: Date;
  closedAt: Date | null;
};

/** Newest first. */
export async function listDisputes(em: EntityManager, query: DisputesQuery): Promise<PageOf<DisputeView>> {
  const { status = null, provider = null, bookingId = null, limit } = query;
  const [openedAt, id] = decodeCursor(query.cursor, Key) ?? [null, null];
  const isOpen = status === 'open';
  const rows = await em.execute<Row[]>(sql`
    SELECT d.id, d.payment_id AS "paymentId", p.booking_id AS "bookingId", p.host_id AS "hostId", p.provider,
      d.provider_ref AS "providerRef", d.status, d.reason, p.currency, d.amount_minor AS "amountMinor",
      d.host_minor AS "hostMinor", d.platform_minor AS "platformMinor", d.tax_minor AS "taxMinor",
      d.excess_minor AS "excessMinor", d.evidence_due_at AS "evidenceDueAt", d.opened_at AS "openedAt",
      d.closed_at AS "closedAt"
    FROM dispute d JOIN payment p ON p.id = d.payment_id
    WHERE (${openedAt}::timestamptz IS NULL
        OR (date_trunc('milliseconds', d.opened_at), d.id) < (${openedAt}::timestamptz, ${id}::uuid))
      AND (${status}::text IS NULL OR (${isOpen} AND d.closed_at IS NULL) OR d.status = ${status})
      AND (${provider}::text IS NULL OR p.provider = ${provider})
      AND (${bookingId}::uuid IS NULL OR p.booking_id = ${bookingId}::uuid)
    ORDER BY date_trunc('milliseconds', d.opened_at) DESC, d.id DESC LIMIT ${limit + 1}`);
  const result = page(rows, limit, (row) => [row.openedAt.toISOString(), row.id]);
  return { data: result.data.map(toView), nextCursor: result.nextCursor };
}

const toView = (row: Row): DisputeView => ({
  ...row,
  evidenceDueAt: row.evidenceDueAt?.toISOString() ?? null,
  openedAt: row.openedAt.toISOString(),
  closedAt: row.closedAt?.toISOString() ?? null,
});
