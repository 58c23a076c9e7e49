import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { z } from 'zod';
import { PaymentOperation } from '../operation/operation.entity.js';
import { Payment } from '../payment/payment.entity.js';
import { PROVIDER_NAMES } from '../provider/provider.port.js';
import type { AdminPaymentsQuery, PaymentOperationsQuery } from './payment-admin.dto.js';

const Cursor = z.tuple([Instant, Uuid]);
const keyOf = (row: { createdAt: Date; id: string }) => [row.createdAt.toISOString(), row.id];

/** Newest first. */
export async function listPayments(em: EntityManager, query: AdminPaymentsQuery): Promise<PageOf<Payment>> {
  const [at, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { status = null, provider = null, currency = null, from = null, to = null, limit } = query;
  const { id = null, providerRef = null } = query;
  const { bookingId = null, guestId = null, hostId = null } = query;
  const { minAmountMinor: min = null, maxAmountMinor: max = null } = query;
  const rows = await em.execute<object[]>(sql`
    SELECT * FROM payment WHERE (${status}::text IS NULL OR status = ${status}::text)
      AND (${provider}::text IS NULL OR provider = ${provider}::text)
      AND (${id}::uuid IS NULL OR id = ${id}::uuid)
      -- The index of references begins with the provider.
      AND (${providerRef}::text IS NULL
        OR (provider = ANY (ARRAY[${PROVIDER_NAMES}]::text[]) AND provider_ref = ${providerRef}::text))
      AND (${bookingId}::uuid IS NULL OR booking_id = ${bookingId}::uuid)
      AND (${guestId}::uuid IS NULL OR guest_id = ${guestId}::uuid)
      AND (${hostId}::uuid IS NULL OR host_id = ${hostId}::uuid)
      AND (${currency}::text IS NULL OR currency = ${currency}::text)
      AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
      AND (${min}::bigint IS NULL OR amount_minor >= ${min}::bigint)
      AND (${max}::bigint IS NULL OR amount_minor <= ${max}::bigint)
      AND (${at}::timestamptz IS NULL OR (created_at, id) < (${at}::timestamptz, ${lastId}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`);
  return page(
    rows.map((row) => em.map(Payment, row)),
    limit,
    keyOf,
  );
}

export async function listOperations(
  em: EntityManager,
  query: PaymentOperationsQuery,
): Promise<PageOf<PaymentOperation>> {
  const [at, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { paymentId = null, from = null, to = null } = query;
  const isOldestFirst = query.order === 'oldest';
  const after = isOldestFirst ? sql`>` : sql`<`;
  const direction = isOldestFirst ? sql`ASC` : sql`DESC`;
  const rows = await em.execute<object[]>(sql`
    SELECT * FROM payment_operation WHERE status = ${query.status}::text
      AND (${paymentId}::uuid IS NULL OR payment_id = ${paymentId}::uuid)
      AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
      AND (${at}::timestamptz IS NULL OR (created_at, id) ${after} (${at}::timestamptz, ${lastId}::uuid))
    ORDER BY created_at ${direction}, id ${direction} LIMIT ${query.limit + 1}`);
  return page(
    rows.map((row) => em.map(PaymentOperation, row)),
    query.limit,
    keyOf,
  );
}

/** Makes a pending operation due now. A worker that runs it keeps its lease. False if it is closed. */
export async function hastenOperation(em: EntityManager, operationId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE payment_operation SET due_at = clock_timestamp()
    WHERE id = ${operationId} AND status = 'pending' RETURNING true`);
  return rows.length > 0;
}
