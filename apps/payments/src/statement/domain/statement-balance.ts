import { sum } from '@roost/money';
import type { TransactionKind } from './movement-kind.js';

interface Entry {
  kind: TransactionKind;
  amountMinor: number;
}

/** The host's amounts of a month by kind. */
export interface StatementTotals {
  earningsMinor: number;
  refundsMinor: number;
  penaltiesMinor: number;
  clawBacksMinor: number;
  payoutsMinor: number;
  adjustmentsMinor: number;
}

const totalOf = (entries: readonly Entry[], ...kinds: TransactionKind[]) =>
  sum(entries.filter(({ kind }) => kinds.includes(kind)).map(({ amountMinor }) => amountMinor));

/** The totals of the entries by kind, and the closing balance: the opening balance and the sum of the entries. */
export function balanceOf(
  openingMinor: number,
  entries: readonly Entry[],
): { totals: StatementTotals; closingMinor: number } {
  const totals = {
    earningsMinor: totalOf(entries, 'earning'),
    refundsMinor: totalOf(entries, 'refund'),
    penaltiesMinor: totalOf(entries, 'penalty'),
    clawBacksMinor: totalOf(entries, 'claw_back'),
    payoutsMinor: totalOf(entries, 'payout'),
    // Not only the kind of this name, so that the totals always add up to the closing balance.
    adjustmentsMinor: totalOf(entries, 'adjustment', 'charge'),
  };
  return { totals, closingMinor: sum([openingMinor, ...Object.values(totals)]) };
}
