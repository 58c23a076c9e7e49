import { type Currency, decimals, isCurrency } from '@roost/money';

/**
 * The decimals of amounts in Stripe's API where they differ from ISO 4217. Stripe kept two decimals for ISK and UGX, with
 * 00 as the fraction, and has no decimals for MGA (https://docs.stripe.com/currencies#special-cases).
 */
const STRIPE_DECIMALS: ReadonlyMap<Currency, number> = new Map([
  ['ISK', 2],
  ['MGA', 0],
  ['UGX', 2],
]);

/** Stripe has three decimals for these currencies, but the last digit must be 0. */
const LAST_DIGIT_ZERO: ReadonlySet<Currency> = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** The power of ten from our minor units to Stripe's. Other systems may use currencies that Roost does not have. */
const shiftOf = (currency: Currency): number =>
  isCurrency(currency) ? (STRIPE_DECIMALS.get(currency) ?? decimals(currency)) - decimals(currency) : 0;

/** The amount in the units of Stripe's API; null if Stripe would round or reject it. */
export function toStripeAmount(amountMinor: number, currency: Currency): number | null {
  if (LAST_DIGIT_ZERO.has(currency) && amountMinor % 10 !== 0) return null;
  const amount = amountMinor * 10 ** shiftOf(currency);
  return Number.isSafeInteger(amount) ? amount : null;
}

/** The amount of Stripe's API in minor units. A fraction of a minor unit, which Stripe does not accept, is dropped. */
export function fromStripeAmount(amount: number, currency: Currency): number {
  return Math.trunc(amount / 10 ** shiftOf(currency));
}
