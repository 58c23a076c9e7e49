import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import type {
  AccountsQuery,
  LedgerAccountView,
  LedgerTransactionView,
  TransactionsQuery,
} from './ledger.dto.js';

const Id = z.int();

type AccountRow = LedgerAccountView & { id: number };

interface MovementRow {
  key: string;
  payment_id: string | null;
  booking_id: string | null;
  currency: string;
  occurred_at: Date;
  amount_minor: number;
  debit_code: LedgerAccountView['code'];
  debit_owner: string | null;
  credit_code: LedgerAccountView['code'];
  credit_owner: string | null;
}

@Injectable()
export class LedgerQueries {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  async accounts(query: AccountsQuery): Promise<PageOf<LedgerAccountView>> {
    const after = decodeCursor(query.cursor, Id) ?? 0;
    const rows = await this.orm.em.fork().execute<AccountRow[]>(
      `SELECT a.id, a.code, a.owner_id AS "ownerId", a.currency, d.total AS "debitMinor", c.total AS "creditMinor",
              d.total - c.total AS "balanceMinor"
       FROM (SELECT * FROM ledger_account WHERE id > ? ORDER BY id LIMIT ?) a
       CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::bigint AS total FROM movement WHERE debit_id = a.id) d
       CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::bigint AS total FROM movement WHERE credit_id = a.id) c
       ORDER BY a.id`,
      [after, query.limit + 1],
    );
    const found = page(rows, query.limit, (row) => row.id);
    return {
      data: found.data.map(({ id: _, ...account }) => account),
      nextCursor: found.nextCursor,
    };
  }

  /** Newest first. */
  async transactions(query: TransactionsQuery): Promise<PageOf<LedgerTransactionView>> {
    const before = decodeCursor(query.cursor, Id);
    const em = this.orm.em.fork();
    const firstLegs = await em.execute<{ id: number; key: string }[]>(
      `SELECT id, key FROM movement WHERE leg = 1 AND (?::bigint IS NULL OR id < ?::bigint)
         AND (?::uuid IS NULL OR booking_id = ?::uuid) AND (?::uuid IS NULL OR payment_id = ?::uuid)
       ORDER BY id DESC LIMIT ?`,
      [
        before,
        before,
        query.bookingId ?? null,
        query.bookingId ?? null,
        query.paymentId ?? null,
        query.paymentId ?? null,
        query.limit + 1,
      ],
    );
    const found = page(firstLegs, query.limit, (row) => row.id);
    if (found.data.length === 0) return { data: [], nextCursor: null };
    const keys = found.data.map((row) => row.key);
    const movements = await em.execute<MovementRow[]>(
      `SELECT m.key, m.payment_id, m.booking_id, m.currency, m.occurred_at, m.amount_minor,
              d.code AS debit_code, d.owner_id AS debit_owner, c.code AS credit_code, c.owner_id AS credit_owner
       FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
       WHERE m.key IN (${keys.map(() => '?').join(', ')}) ORDER BY m.key, m.leg`,
      keys,
    );
    const byKey = Map.groupBy(movements, (row) => row.key);
    return {
      data: keys.flatMap((key) => toTransaction(key, byKey.get(key) ?? [])),
      nextCursor: found.nextCursor,
    };
  }
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
