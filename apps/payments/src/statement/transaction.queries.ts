import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { invalidParameter } from '@roost/platform';
import { z } from 'zod';
import { isReversal, kindOf, prefixesOf, sourceIdOf, type TransactionRole } from './domain/movement-kind.js';
import type { MyTransactionsQuery, TransactionView } from './transaction.dto.js';

/** PostgreSQL has no year 0. */
const Cursor = z.tuple([z.iso.datetime().refine((at) => at >= '2000'), z.int()]);

interface MovementRow {
  id: number;
  key: string;
  leg: number;
  currency: string;
  amount: number;
  bookingId: string | null;
  paymentId: string | null;
  occurredAt: Date;
}

/** The movements of a user's money, newest first. The order is that of the business time, then of recording. */
export async function listMyTransactions(
  em: EntityManager,
  userId: string,
  query: MyTransactionsQuery,
): Promise<PageOf<TransactionView>> {
  if (query.from !== undefined && query.to !== undefined && query.from >= query.to)
    throw invalidParameter('to', 'Must be after from');
  const rows = await (query.role === 'host' ? hostMovements : guestMovements)(em, userId, query);
  const movements = page(rows, query.limit, (row) => [row.occurredAt.toISOString(), Number(row.id)]);
  // A spread keeps the cursors of the items.
  return { ...movements, data: movements.data.flatMap((row) => toTransaction(query.role, row)) };
}

/** The conditions on a movement `m`; the sides of the cursor and of the dates are parts of the index. */
function conditionsOf(query: MyTransactionsQuery) {
  const after = decodeCursor(query.cursor, Cursor);
  const { prefixes, other } = prefixesOf(query.role, query.kind);
  const hasPrefix = sql`m.key ^@ ANY(ARRAY[${prefixes}]::text[])`;
  const conditions = [
    other ? sql`NOT ${hasPrefix}` : query.role === 'host' && query.kind === undefined ? sql`true` : hasPrefix,
  ];
  if (after) conditions.push(sql`(m.occurred_at, m.id) < (${after[0]}::timestamptz, ${after[1]}::bigint)`);
  if (query.from) conditions.push(sql`m.occurred_at >= ${instantOf(query.from)}`);
  if (query.to) conditions.push(sql`m.occurred_at < ${instantOf(query.to)}`);
  if (query.bookingId) conditions.push(sql`m.booking_id = ${query.bookingId}`);
  return conditions.reduce((all, next) => sql`${all} AND ${next}`);
}

const instantOf = (date: string) => sql`${`${date}T00:00:00Z`}::timestamptz`;

/** `side` selects the movements out of the account (debits) or into it. */
function hostMovements(
  em: EntityManager,
  hostId: string,
  query: MyTransactionsQuery,
): Promise<MovementRow[]> {
  const { currency = null, limit } = query;
  const side = (column: 'debit_id' | 'credit_id', sign: 1 | -1) => sql`
    (SELECT m.id, m.key, m.leg, m.currency, ${sign} * m.amount_minor AS amount, m.booking_id AS "bookingId",
      m.payment_id AS "paymentId", m.occurred_at AS "occurredAt"
    FROM movement m WHERE m.${sql.ref(column)} = a.id AND ${conditionsOf(query)}
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT ${limit + 1})`;
  return em.execute<MovementRow[]>(sql`
    SELECT t.* FROM (
      SELECT id FROM ledger_account WHERE code = 'host_payable' AND owner_id = ${hostId}
        AND (${currency}::text IS NULL OR currency = ${currency}::text)) a
    CROSS JOIN LATERAL (${side('credit_id', 1)} UNION ALL ${side('debit_id', -1)}) t
    ORDER BY t."occurredAt" DESC, t.id DESC LIMIT ${limit + 1}`);
}

/** What the provider received from the guest and paid back, and refunds without it. Other movements of the payment are not the guest's. */
function guestMovements(
  em: EntityManager,
  guestId: string,
  query: MyTransactionsQuery,
): Promise<MovementRow[]> {
  const { currency = null, limit } = query;
  return em.execute<MovementRow[]>(sql`
    SELECT m.id, m.key, m.leg, m.currency,
      CASE WHEN m.debit_id = a.id THEN -m.amount_minor ELSE m.amount_minor END AS amount,
      m.booking_id AS "bookingId", m.payment_id AS "paymentId", m.occurred_at AS "occurredAt"
    FROM payment p JOIN movement m ON m.payment_id = p.id
    JOIN ledger_account a ON a.code IN ('provider_clearing', 'platform_bank') AND a.owner_id IS NULL AND a.currency = m.currency
      AND a.id IN (m.debit_id, m.credit_id)
    WHERE p.guest_id = ${guestId} AND (${currency}::text IS NULL OR p.currency = ${currency}::text)
      AND ${conditionsOf(query)}
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT ${limit + 1}`);
}

function toTransaction(role: TransactionRole, row: MovementRow): TransactionView[] {
  const kind = kindOf(role, row.key);
  if (kind === null) return [];
  return [
    {
      id: `${row.key}/${row.leg}`,
      kind,
      amountMinor: Number(row.amount),
      currency: row.currency,
      occurredAt: row.occurredAt.toISOString(),
      reversal: isReversal(row.key),
      bookingId: row.bookingId,
      paymentId: row.paymentId,
      sourceId: sourceIdOf(row.key),
    },
  ];
}
