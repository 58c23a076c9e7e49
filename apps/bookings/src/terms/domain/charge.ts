import { roundDownToStep, sum } from '@roost/money';
import type { PricedStay } from '@roost/pricing';

/** The shares of an amount. */
export interface Shares {
  /** The guest's service fee. */
  serviceFeeMinor: number;
  hostFeeMinor: number;
  hostPayoutMinor: number;
  taxMinor: number;
}

/** The order in which the shares bear a rounding: the marketplace first, the tax office last. */
const BEARERS = [
  'serviceFeeMinor',
  'hostFeeMinor',
  'hostPayoutMinor',
  'taxMinor',
] as const satisfies (keyof Shares)[];

/** Takes an amount off the shares. Throws a RangeError for more than they contain. */
export function waive(shares: Shares, amountMinor: number): Shares {
  const rest = { ...shares };
  let open = amountMinor;
  for (const bearer of BEARERS) {
    const part = Math.min(open, rest[bearer]);
    rest[bearer] -= part;
    open -= part;
  }
  if (open !== 0) throw new RangeError('The waived amount exceeds the shares');
  return rest;
}

/** The amount that is charged for a stay, and the shares in it. */
export interface Charge {
  totalMinor: number;
  shares: Shares;
}

/**
 * Rounds the total of a stay down to an amount that cards can be charged. The guest never pays more than the quoted total;
 * the difference is less than a step.
 */
export function chargeOf(price: PricedStay, stepMinor: number): Charge {
  const totalMinor = roundDownToStep(price.totalMinor, stepMinor);
  return { totalMinor, shares: sharesOf(price, totalMinor) };
}

/** The shares in a charge of `totalMinor` for a stay. */
export function sharesOf(price: PricedStay, totalMinor: number): Shares {
  const exact = {
    serviceFeeMinor: price.serviceFeeMinor,
    hostFeeMinor: price.hostFeeMinor,
    hostPayoutMinor: price.hostPayoutMinor,
    taxMinor: sum(price.taxes.map((tax) => tax.amountMinor)),
  };
  return waive(exact, price.totalMinor - totalMinor);
}
