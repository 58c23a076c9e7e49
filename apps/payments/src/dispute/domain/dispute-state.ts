import { sum } from '@roost/money';
import { type Split, takeInProportion } from '../../ledger/domain/posting.js';

/** How a provider's state changes a dispute, and which amounts it concerns. Pure: data in, data out. */
export const disputeStatuses = ['needs_response', 'under_review', 'won', 'lost'] as const;
export type DisputeStatus = (typeof disputeStatuses)[number];
export type DisputeOutcome = Extract<DisputeStatus, 'won' | 'lost'>;

export const isOutcome = (status: DisputeStatus): status is DisputeOutcome =>
  status === 'won' || status === 'lost';

export interface DisputeChange {
  status: DisputeStatus;
  /** The dispute is recorded for the first time. */
  opens: boolean;
  /** The bank has decided. */
  closes: DisputeOutcome | null;
}

/**
 * The dispute after the provider's state is applied. Null: it is not recorded yet. States arrive twice and in any order:
 * a decided dispute never changes, so an older state has no effect.
 */
export function changeOf(current: DisputeStatus | null, provider: DisputeStatus): DisputeChange {
  if (current !== null && isOutcome(current)) return { status: current, opens: false, closes: null };
  return { status: provider, opens: current === null, closes: isOutcome(provider) ? provider : null };
}

/** The amounts of a dispute: the covered share of each party, and the excess over the payment's remaining amount. */
export interface DisputeShares extends Split {
  excessMinor: number;
}

export const coveredMinor = ({ hostMinor, platformMinor, taxMinor }: Split): number =>
  sum([hostMinor, platformMinor, taxMinor]);

/**
 * Divides a disputed amount among the parties in proportion to their remaining shares. `coverableMinor`: the payment's
 * amount that is neither refunded nor withdrawn by other disputes. A bank may withdraw more: the excess was paid twice.
 */
export function sharesOf(remaining: Split, coverableMinor: number, amountMinor: number): DisputeShares {
  const covered = Math.max(0, Math.min(amountMinor, coverableMinor));
  return { ...takeInProportion(remaining, covered), excessMinor: amountMinor - covered };
}
