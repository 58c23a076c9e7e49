import { checkPrices, type PriceRefusal, type PriceRules } from '@roost/pricing';

export interface Priced {
  readonly pricing: PriceRules | null;
  readonly currency: string | null;
}

/**
 * The reasons why new prices, or a new currency, can't be charged. Prices that stay the same object stay allowed. `at`: JSON
 * pointers to the price rules and to the currency in the request.
 */
export function refusedPrices(
  before: Priced,
  { pricing, currency }: Priced,
  at: { pricing: string; currency: string },
): PriceRefusal[] {
  const hasNewPrices = pricing !== before.pricing;
  if (pricing === null || currency === null) return [];
  if (!hasNewPrices && currency === before.currency) return [];
  const refusals = checkPrices(pricing, currency);
  if (hasNewPrices) return refusals.map(({ pointer, detail }) => ({ pointer: at.pricing + pointer, detail }));
  return refusals
    .slice(0, 1)
    .map(({ pointer, detail }) => ({ pointer: at.currency, detail: `Does not fit ${pointer}: ${detail}` }));
}
