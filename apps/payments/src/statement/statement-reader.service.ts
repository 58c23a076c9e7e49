import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock, invalidParameter, Problem } from '@roost/platform';
import { rangeOfMonth } from './domain/month.js';
import { isReversal, kindOf, sourceIdOf } from './domain/movement-kind.js';
import { balanceOf } from './domain/statement-balance.js';
import type { CurrencyStatement, Statement, StatementEntry, StatementMonth } from './statement.dto.js';
import {
  balanceBefore,
  type EntryRow,
  findEntries,
  findHostAccounts,
  findMonths,
  type HostAccount,
} from './statement.queries.js';

/** Of one currency in one month. A larger month is read with GET /v1/me/transactions. */
export const MAX_ENTRIES = 10_000;
const TOO_LARGE =
  'The month has too many entries for a statement: read them page by page with GET /v1/me/transactions. With `currency`, a statement contains those of one currency only.';

/** The statements of hosts: what the platform owes them, by month in UTC, computed from the movements of the ledger. */
@Injectable()
export class StatementReader {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /** The months with movements, newest first. */
  async months(hostId: string): Promise<StatementMonth[]> {
    const months = await this.transactions.run(async (em) => {
      const all: StatementMonth[] = [];
      for (const { id, currency } of await findHostAccounts(em, hostId, null)) {
        let openingMinor = 0;
        for (const { month, net, entries } of await findMonths(em, id)) {
          const closingMinor = openingMinor + Number(net);
          all.push({ month, currency, openingMinor, closingMinor, entries: Number(entries) });
          openingMinor = closingMinor;
        }
      }
      return all;
    });
    return months.sort((a, b) => b.month.localeCompare(a.month) || a.currency.localeCompare(b.currency));
  }

  async one(hostId: string, month: string, currency: string | null): Promise<Statement> {
    const range = rangeOfMonth(month);
    if (!range) throw invalidParameter('month', 'Must be a month, YYYY-MM');
    const now = this.clock.now();
    if (range.from > now) throw invalidParameter('month', 'Must not be in the future');
    // One snapshot, so that opening balance and entries belong together.
    const statements = await this.transactions.run(async (em) => {
      const all: CurrencyStatement[] = [];
      for (const account of await findHostAccounts(em, hostId, currency)) {
        const statement = await statementOf(em, account, range);
        if (statement.openingMinor !== 0 || statement.entries.length > 0) all.push(statement);
      }
      return all;
    });
    return {
      month,
      from: range.from.toISOString(),
      to: range.to.toISOString(),
      final: range.to <= now,
      statements,
    };
  }
}

async function statementOf(
  em: EntityManager,
  { id, currency }: HostAccount,
  range: { from: Date; to: Date },
): Promise<CurrencyStatement> {
  const openingMinor = await balanceBefore(em, id, range.from);
  const rows = await findEntries(em, id, range, MAX_ENTRIES + 1);
  if (rows.length > MAX_ENTRIES) {
    throw new Problem('statement.too_large', TOO_LARGE, { maximum: MAX_ENTRIES });
  }
  const entries = rows.map(toEntry);
  const { totals, closingMinor } = balanceOf(openingMinor, entries);
  return { currency, openingMinor, ...totals, closingMinor, entries };
}

function toEntry(row: EntryRow): StatementEntry {
  const amountMinor = Number(row.amount);
  const hostFeeMinor = row.hostFee === null ? null : Number(row.hostFee);
  return {
    occurredAt: row.occurredAt.toISOString(),
    kind: kindOf('host', row.key) ?? 'adjustment',
    reversal: isReversal(row.key),
    bookingId: row.bookingId,
    listingTitle: row.listingTitle,
    sourceId: sourceIdOf(row.key),
    grossMinor: hostFeeMinor === null ? null : amountMinor + hostFeeMinor,
    hostFeeMinor,
    taxMinor: row.tax === null ? null : Number(row.tax),
    amountMinor,
  };
}
