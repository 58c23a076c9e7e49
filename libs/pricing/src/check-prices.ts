import { type ChargeBounds, chargeBounds, type Currency, formatMoney } from '@roost/money';
import type { PriceRules } from './rules.js';

/** A price that no payment provider can charge. */
export interface PriceRefusal {
  /** A JSON pointer into the price rules. */
  pointer: string;
  detail: string;
}

type Amount = readonly [pointer: string, amountMinor: number | null];

/**
 * The prices that could never be charged. A night may be the whole stay, so its price is within the minimum and the maximum;
 * fees, taxes and the lowest discounted price only add to a stay, so they have a maximum.
 */
export function checkPrices(rules: PriceRules, currency: Currency): PriceRefusal[] {
  const bounds = chargeBounds(currency);
  const nights: Amount[] = [
    ['/basePriceMinor', rules.basePriceMinor],
    ['/weekendPriceMinor', rules.weekendPriceMinor],
    ...rules.overrides.map(({ priceMinor }, index): Amount => [`/overrides/${index}/priceMinor`, priceMinor]),
  ];
  const additions: Amount[] = [
    ['/cleaningFeeMinor', rules.cleaningFeeMinor],
    ['/extraGuest/perNightMinor', rules.extraGuest.perNightMinor],
    ['/minNightMinor', rules.minNightMinor],
    ...rules.taxes.map(({ amountMinor }, index): Amount => [`/taxes/${index}/amountMinor`, amountMinor]),
  ];
  return [...outside(nights, bounds, currency), ...outside(additions, { ...bounds, minMinor: 0 }, currency)];
}

function outside(
  amounts: readonly Amount[],
  { minMinor, maxMinor }: ChargeBounds,
  currency: Currency,
): PriceRefusal[] {
  const [min, max] = [minMinor, maxMinor].map((amountMinor) => formatMoney(amountMinor, currency));
  const detail = `Must be from ${min} to ${max}, the amounts that payments in ${currency} can have`;
  return amounts.flatMap(([pointer, amountMinor]) =>
    amountMinor === null || (amountMinor >= minMinor && amountMinor <= maxMinor) ? [] : [{ pointer, detail }],
  );
}
