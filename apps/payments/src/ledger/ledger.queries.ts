import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { executePrepared } from '@roost/platform';
import { z } from 'zod';
import type { Account, AccountCode } from './domain/posting.js';
import type {
  AccountsQuery,
  LedgerAccountView,
  LedgerTransactionView,
  TransactionsQuery,
} from './ledger.dto.js';

const Id = z.int();

export interface AccountRow {
  id: number;
  code: AccountCode;
  owner_id: string | null;
}

export interface NewMovements {
  key: string;
  currency: string;
  paymentId: string | null;
  bookingId: string | null;
  occurredAt: Date;
  legs: readonly { debitId: number; creditId: number; amountMinor: number }[];
}

interface MovementRow {
  key: string;
  payment_id: string | null;
  booking_id: string | null;
  currency: string;
  occurred_at: Date;
  amount_minor: number;
  debit_code: AccountCode;
  debit_owner: string | null;
  credit_code: AccountCode;
  credit_owner: string | null;
}

/**
 * Stores the movements of one ledger transaction, numbered by leg, in one round trip that each connection plans once. Legs
 * that exist are unchanged.
 */
export async function insertMovements(em: EntityManager, movements: NewMovements): Promise<void> {
  const { key, currency, paymentId, bookingId, occurredAt, legs } = movements;
  await executePrepared<object>(
    em,
    'ledger-post',
    sql`INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
    SELECT ${key}::text, leg.number, leg.debit_id, leg.credit_id, ${currency}::text, leg.amount_minor, ${paymentId}::uuid,
      ${bookingId}::uuid, ${occurredAt}::timestamptz
    FROM unnest(${legs.map((leg) => leg.debitId)}::bigint[], ${legs.map((leg) => leg.creditId)}::bigint[],
      ${legs.map((leg) => leg.amountMinor)}::bigint[])
      WITH ORDINALITY AS leg (debit_id, credit_id, amount_minor, number)
    ORDER BY leg.number
    ON CONFLICT (key, leg) DO NOTHING`,
  );
}

/** Creates the accounts that are missing, in the given order. */
export async function insertAccounts(
  em: EntityManager,
  currency: string,
  accounts: readonly Account[],
): Promise<void> {
  const rows = accounts.map(({ code, ownerId }) => ({ code, owner_id: ownerId }));
  await em.execute(sql`
    INSERT INTO ledger_account (code, owner_id, currency)
    SELECT account.code, account.owner_id, ${currency}
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (code text, owner_id uuid))
      WITH ORDINALITY AS account (code, owner_id, number)
    ORDER BY account.number
    ON CONFLICT DO NOTHING`);
}

/** The accounts with these codes and owners in one currency. May include combinations that were not requested. */
export function findAccounts(
  em: EntityManager,
  currency: string,
  accounts: readonly Account[],
): Promise<AccountRow[]> {
  const owned = accounts.flatMap(({ code, ownerId }) => (ownerId === null ? [] : [{ code, ownerId }]));
  const shared = accounts.filter(({ ownerId }) => ownerId === null);
  return em.execute<AccountRow[]>(sql`
    SELECT id, code, owner_id FROM ledger_account WHERE currency = ${currency} AND (
      (owner_id IS NULL AND code = ANY(ARRAY[${shared.map(({ code }) => code)}]::text[]))
      OR (owner_id = ANY(ARRAY[${owned.map(({ ownerId }) => ownerId)}]::uuid[])
        AND code = ANY(ARRAY[${owned.map(({ code }) => code)}]::text[])))`);
}

export async function listAccounts(
  em: EntityManager,
  query: AccountsQuery,
): Promise<PageOf<LedgerAccountView>> {
  const after = decodeCursor(query.cursor, Id) ?? 0;
  const rows = await em.execute<(LedgerAccountView & { id: number })[]>(sql`
    SELECT a.id, a.code, a.owner_id AS "ownerId", a.currency, d.total AS "debitMinor", c.total AS "creditMinor",
      d.total - c.total AS "balanceMinor"
    FROM (SELECT * FROM ledger_account WHERE id > ${after} ORDER BY id LIMIT ${query.limit + 1}) a
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::bigint AS total FROM movement WHERE debit_id = a.id) d
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::bigint AS total FROM movement WHERE credit_id = a.id) c
    ORDER BY a.id`);
  const accounts = page(rows, query.limit, (row) => row.id);
  return {
    data: accounts.data.map(({ id: _, ...account }) => account),
    nextCursor: accounts.nextCursor,
  };
}

/** Newest first. */
export async function listTransactions(
  em: EntityManager,
  query: TransactionsQuery,
): Promise<PageOf<LedgerTransactionView>> {
  const before = decodeCursor(query.cursor, Id);
  const { bookingId = null, paymentId = null, limit } = query;
  const firstLegs = await em.execute<{ id: number; key: string }[]>(sql`
    SELECT id, key FROM movement WHERE leg = 1 AND (${before}::bigint IS NULL OR id < ${before}::bigint)
      AND (${bookingId}::uuid IS NULL OR booking_id = ${bookingId}::uuid)
      AND (${paymentId}::uuid IS NULL OR payment_id = ${paymentId}::uuid)
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const transactions = page(firstLegs, limit, (row) => row.id);
  const keys = transactions.data.map((row) => row.key);
  const movements = await em.execute<MovementRow[]>(sql`
    SELECT m.key, m.payment_id, m.booking_id, m.currency, m.occurred_at, m.amount_minor,
      d.code AS debit_code, d.owner_id AS debit_owner, c.code AS credit_code, c.owner_id AS credit_owner
    FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
    WHERE m.key = ANY(ARRAY[${keys}]::text[]) ORDER BY m.key, m.leg`);
  const byKey = Map.groupBy(movements, (row) => row.key);
  return {
    data: keys.flatMap((key) => toTransaction(key, byKey.get(key) ?? [])),
    nextCursor: transactions.nextCursor,
  };
}

function toTransaction(key: string, movements: readonly MovementRow[]): LedgerTransactionView[] {
  const first = movements[0];
  if (!first) return [];
  return [
    {
      key,
      paymentId: first.payment_id,
      bookingId: first.booking_id,
      currency: first.currency,
      occurredAt: first.occurred_at.toISOString(),
      movements: movements.map((row) => ({
        debit: { code: row.debit_code, ownerId: row.debit_owner },
        credit: { code: row.credit_code, ownerId: row.credit_owner },
        amountMinor: row.amount_minor,
      })),
    },
  ];
}
