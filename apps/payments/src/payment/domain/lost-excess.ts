import { type Split, takeInProportion } from '../../ledger/domain/posting.js';
import { minus, totalOf } from '../../ledger/domain/settlement.js';

/** How the excess of lost disputes is covered when a part of the payment becomes free. Pure: data in, data out. */

/** The part of a lost dispute that the payment could not cover. */
export interface LostExcess {
  disputeId: string;
  excessMinor: number;
}

export interface Cover {
  disputeId: string;
  shares: Split;
}

/**
 * Covers the excess of lost disputes, in their order, from an amount that is no longer reserved for a refund or withheld by
 * another dispute. Without it, the amount could be refunded although the bank has returned it.
 */
export function coverExcess(excesses: readonly LostExcess[], freed: Split): Cover[] {
  const covers: Cover[] = [];
  let rest = freed;
  for (const { disputeId, excessMinor } of excesses) {
    const amountMinor = Math.min(excessMinor, totalOf(rest));
    if (amountMinor <= 0) continue;
    const shares = takeInProportion(rest, amountMinor);
    rest = minus(rest, shares);
    covers.push({ disputeId, shares });
  }
  return covers;
}

/** The part of a failed refund's split that the bank has not returned. */
export function splitWithoutOffset(refund: Split, offsetMinor: number): Split {
  return minus(refund, takeInProportion(refund, offsetMinor));
}
