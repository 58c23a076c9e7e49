import { allocate, sum } from '@roost/money';
import { type Split, takeFrom } from './posting.js';

/** What is left of one payment, and who it belongs to. */
export interface Holding {
  paymentId: string;
  left: Split;
}

/** What becomes of one payment: what of it goes back, what changes hands, and what each has of it in the end. */
export interface Settled {
  paymentId: string;
  refund: Split;
  moves: Move[];
  kept: Split;
}

export type Party = keyof Split;

export interface Move {
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

/**
 * Gives `refundMinor` back out of several payments, the first first, never more than is left of one, so that all of them
 * together leave each party what `target` says: to the unit, since what the refunds can't level out changes hands. Where
 * the target does not fit what is left (an operator gave money back by hand), each gives up in proportion.
 */
export function settle(holdings: readonly Holding[], refundMinor: number, target: Split): Settled[] {
  const amounts = divide(holdings, refundMinor);
  const rest = sum(holdings.map(({ left }) => totalOf(left))) - sum(amounts);
  if (totalOf(target) !== rest || PARTIES.some((party) => target[party] < 0)) {
    return holdings.map(({ paymentId, left }, order) => {
      const refund = takeFrom(left, amounts[order] ?? 0);
      return { paymentId, refund, moves: [], kept: minus(left, refund) };
    });
  }
  let surplus = minus(
    splitBy((party) => sum(holdings.map(({ left }) => left[party]))),
    target,
  );
  const settled = holdings.map(({ paymentId, left }, order): Settled => {
    const refund = nearest(left, surplus, amounts[order] ?? 0);
    surplus = minus(surplus, refund);
    return { paymentId, refund, moves: [], kept: minus(left, refund) };
  });
  for (const one of settled) surplus = level(one, surplus);
  return settled;
}

/** Who gets the difference that a change costs more: those whose part grows, in proportion. */
export function shareOfDifference(before: Split, after: Split | null, differenceMinor: number): Split {
  const grows = after && splitBy((party) => Math.max(0, after[party] - before[party]));
  const weights = grows && totalOf(grows) > 0 ? grows : before;
  const shares = allocate(
    differenceMinor,
    PARTIES.map((party) => weights[party]),
  );
  return splitBy((party) => shares[PARTIES.indexOf(party)] ?? 0);
}

function divide(holdings: readonly Holding[], refundMinor: number): number[] {
  let open = refundMinor;
  return holdings.map(({ left }) => {
    const amount = Math.min(open, totalOf(left));
    open -= amount;
    return amount;
  });
}

/** So much of what is left that it comes as near to what each has too much as it can. */
function nearest(left: Split, surplus: Split, amountMinor: number): Split {
  const wanted = splitBy((party) => Math.min(left[party], Math.max(0, surplus[party])));
  if (totalOf(wanted) >= amountMinor) return takeFrom(wanted, amountMinor);
  const rest = takeFrom(minus(left, wanted), amountMinor - totalOf(wanted));
  return splitBy((party) => wanted[party] + rest[party]);
}

/** Moves what one has too much to one who has too little, as far as this payment reaches. */
function level(one: Settled, surplus: Split): Split {
  const open = { ...surplus };
  for (const from of PARTIES) {
    for (const to of PARTIES) {
      const amountMinor = Math.min(open[from], -open[to], one.kept[from]);
      if (amountMinor <= 0) continue;
      one.moves.push({ from, to, amountMinor });
      one.kept[from] -= amountMinor;
      one.kept[to] += amountMinor;
      open[from] -= amountMinor;
      open[to] += amountMinor;
    }
  }
  return open;
}

const minus = (a: Split, b: Split): Split => splitBy((party) => a[party] - b[party]);
