import { allocate, sum } from '@roost/money';
import { type Split, takeInProportion } from './posting.js';

/** The remaining amount of one payment, by party. */
export interface Holding {
  paymentId: string;
  remaining: Split;
}

/** The settlement of one payment: its refund, the transfers between the parties, and the final share of each party. */
export interface PaymentSettlement {
  paymentId: string;
  refund: Split;
  transfers: Transfer[];
  retained: Split;
}

export type Party = keyof Split;

export interface Transfer {
  from: Party;
  to: Party;
  amountMinor: number;
}

const PARTIES = ['hostMinor', 'platformMinor', 'taxMinor'] as const satisfies Party[];

export const totalOf = (split: Split): number => sum(PARTIES.map((party) => split[party]));

export const splitBy = (valueOf: (party: Party) => number): Split => ({
  hostMinor: valueOf('hostMinor'),
  platformMinor: valueOf('platformMinor'),
  taxMinor: valueOf('taxMinor'),
});

export const minus = (a: Split, b: Split): Split => splitBy((party) => a[party] - b[party]);

/**
 * Refunds `refundMinor` from several payments in the given order, at most the remaining amount of each, so that
 * together they leave each party exactly `target`. Differences that the refunds cannot level are transferred between
 * the parties. Where the target does not match the remaining total (after an operator's refund), each refund is split in
 * proportion.
 */
export function settle(
  holdings: readonly Holding[],
  refundMinor: number,
  target: Split,
): PaymentSettlement[] {
  const amounts = refundPerHolding(holdings, refundMinor);
  const remainder = sum(holdings.map(({ remaining }) => totalOf(remaining))) - sum(amounts);
  if (totalOf(target) !== remainder || PARTIES.some((party) => target[party] < 0)) {
    return holdings.map(({ paymentId, remaining }, index) => {
      const refund = takeInProportion(remaining, amounts[index] ?? 0);
      return { paymentId, refund, transfers: [], retained: minus(remaining, refund) };
    });
  }
  let surplus = minus(
    splitBy((party) => sum(holdings.map(({ remaining }) => remaining[party]))),
    target,
  );
  const settlements = holdings.map(({ paymentId, remaining }, index): PaymentSettlement => {
    const refund = refundFromSurplus(remaining, surplus, amounts[index] ?? 0);
    surplus = minus(surplus, refund);
    return { paymentId, refund, transfers: [], retained: minus(remaining, refund) };
  });
  for (const settlement of settlements) surplus = transferSurplus(settlement, surplus);
  return settlements;
}

/** Splits the additional cost of a change among the parties whose share grows, in proportion to the growth. */
export function splitDifference(before: Split, after: Split | null, differenceMinor: number): Split {
  const growth = after && splitBy((party) => Math.max(0, after[party] - before[party]));
  const weights = growth && totalOf(growth) > 0 ? growth : before;
  const shares = allocate(
    differenceMinor,
    PARTIES.map((party) => weights[party]),
  );
  return splitBy((party) => shares[PARTIES.indexOf(party)] ?? 0);
}

function refundPerHolding(holdings: readonly Holding[], refundMinor: number): number[] {
  let open = refundMinor;
  return holdings.map(({ remaining }) => {
    const amount = Math.min(open, totalOf(remaining));
    open -= amount;
    return amount;
  });
}

/** Splits the refund of one payment by the surplus of each party, and the rest in proportion. */
function refundFromSurplus(remaining: Split, surplus: Split, amountMinor: number): Split {
  const excess = splitBy((party) => Math.max(0, Math.min(remaining[party], surplus[party])));
  if (totalOf(excess) >= amountMinor) return takeInProportion(excess, amountMinor);
  const rest = takeInProportion(minus(remaining, excess), amountMinor - totalOf(excess));
  return splitBy((party) => excess[party] + rest[party]);
}

/** Transfers from parties with a surplus to parties with a deficit, up to the amount of this payment; returns the rest. */
function transferSurplus(settlement: PaymentSettlement, surplus: Split): Split {
  const open = { ...surplus };
  for (const from of PARTIES) {
    for (const to of PARTIES) {
      const amountMinor = Math.min(open[from], -open[to], settlement.retained[from]);
      if (amountMinor <= 0) continue;
      settlement.transfers.push({ from, to, amountMinor });
      settlement.retained[from] -= amountMinor;
      settlement.retained[to] += amountMinor;
      open[from] -= amountMinor;
      open[to] += amountMinor;
    }
  }
  return open;
}
