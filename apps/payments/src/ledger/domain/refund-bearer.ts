import { type Split, takeInProportion } from './posting.js';

/** Who bears the refund of an operator. */
export const refundBearers = ['proportional', 'platform', 'host'] as const;
export type RefundBearer = (typeof refundBearers)[number];

/** The amount that this bearer can refund at most. The platform can give more than its share of the payment. */
export function refundableBy(bearer: RefundBearer, remaining: Split): number {
  const total = remaining.hostMinor + remaining.platformMinor + remaining.taxMinor;
  return bearer === 'host' ? Math.max(0, Math.min(remaining.hostMinor, total)) : total;
}

/** The share of each party in a refund of at most `refundableBy`. */
export function splitByBearer(bearer: RefundBearer, remaining: Split, amountMinor: number): Split {
  if (amountMinor > refundableBy(bearer, remaining)) {
    throw new RangeError('the amount exceeds the share of its bearer');
  }
  switch (bearer) {
    case 'proportional':
      return takeInProportion(remaining, amountMinor);
    case 'platform':
      return { hostMinor: 0, platformMinor: amountMinor, taxMinor: 0 };
    case 'host':
      return { hostMinor: amountMinor, platformMinor: 0, taxMinor: 0 };
  }
}

/** The split of a failed refund, if each party still has its share; otherwise in proportion. */
export function splitOfRetry(failed: Split, remaining: Split, amountMinor: number): Split {
  const isBorneByPlatform = failed.platformMinor === amountMinor;
  const fits =
    failed.hostMinor <= remaining.hostMinor &&
    failed.taxMinor <= remaining.taxMinor &&
    (isBorneByPlatform || failed.platformMinor <= remaining.platformMinor);
  const { hostMinor, platformMinor, taxMinor } = failed;
  return fits ? { hostMinor, platformMinor, taxMinor } : takeInProportion(remaining, amountMinor);
}
