import type { EventBody } from '@roost/contracts';
import type { Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';

export const EMPTY_SPLIT: Split = { hostMinor: 0, platformMinor: 0, taxMinor: 0 };

/** The share of each party in a booking, from the fields of its events. */
export const splitOf = (totals: {
  hostPayoutMinor: number;
  platformFeeMinor: number;
  taxMinor: number;
}): Split => ({
  hostMinor: totals.hostPayoutMinor,
  platformMinor: totals.platformFeeMinor,
  taxMinor: totals.taxMinor,
});

/** The share that each party retains. Null if it and the refund do not add up to the total: the ledger is not compared. */
export function retainedSplitOf(booking: EventBody<'booking.cancelled'>): Split | null {
  const retained = splitOf(booking);
  return totalOf(retained) + booking.refundMinor === booking.totalMinor ? retained : null;
}
