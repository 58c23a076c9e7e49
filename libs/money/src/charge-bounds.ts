import { type Currency, decimals } from './currency.js';

/** The amounts of one currency that can be charged, in minor units. 0 is never charged, so no bound applies to it. */
export interface ChargeBounds {
  minMinor: number;
  maxMinor: number;
  /** Charges and refunds are multiples of it. Prices are not: bookings rounds the total of a stay (ADR 0027). */
  stepMinor: number;
}

const EIGHT_DIGITS = 99_999_999;
const TWELVE_DIGITS = 999_999_999_999;

const DEFAULT_BOUNDS: ChargeBounds = { minMinor: 50, maxMinor: EIGHT_DIGITS, stepMinor: 1 };

/**
 * What the payment providers document, where it differs from the default: at least 50 minor units, and at most eight
 * digits, as with Stripe in most currencies. If several providers take a currency, the widest bounds apply.
 *
 * Stripe (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts and #special-cases; PaymentIntent
 * `amount`): the minimums; maximums of nine digits for INR, ten for COP, twelve for IDR. For most cards that page allows
 * twelve digits in every currency, but the reference of the API says eight, so the default is eight.
 *
 * - ISK, UGX: charged in whole units, but written with two decimals, so the twelve digits are ten here.
 * - BHD, JOD, KWD, OMR, TND: the last digit of the three decimals must be 0, also in refunds (`stepMinor`).
 * - HUF, TWD: charged in both decimals, but paid out to banks in whole units. A transfer to a connected account is exact.
 * - ISK, UGX have no decimals here: the adapter of Stripe multiplies their amounts by 100.
 *
 * Paystack (https://paystack.com/docs/api/#supported-currency): the minimums of GHS, KES and NGN (those of USD and ZAR are
 * above Stripe's). No maximum of it is known.
 */
const DOCUMENTED_BOUNDS: Record<Currency, Partial<ChargeBounds>> = {
  AED: { minMinor: 200 },
  BHD: { stepMinor: 10 },
  COP: { maxMinor: 9_999_999_999 },
  CZK: { minMinor: 1_500 },
  DKK: { minMinor: 250 },
  GBP: { minMinor: 30 },
  GHS: { minMinor: 10 },
  HKD: { minMinor: 400 },
  HUF: { minMinor: 17_500 },
  IDR: { maxMinor: TWELVE_DIGITS },
  INR: { maxMinor: 999_999_999 },
  ISK: { maxMinor: 9_999_999_999 },
  JOD: { stepMinor: 10 },
  KES: { minMinor: 300 },
  KWD: { stepMinor: 10 },
  MXN: { minMinor: 1_000 },
  MYR: { minMinor: 200 },
  NGN: { minMinor: 5_000 },
  NOK: { minMinor: 300 },
  OMR: { stepMinor: 10 },
  PLN: { minMinor: 200 },
  RON: { minMinor: 200 },
  SEK: { minMinor: 300 },
  THB: { minMinor: 1_000 },
  TND: { stepMinor: 10 },
  UGX: { maxMinor: 9_999_999_999 },
};

/**
 * Currencies of which eight digits are less than about 10,000 US dollars, so less than many a stay. For them the maximum of
 * cards applies.
 */
const CARD_MAXIMUM = new Set<Currency>(
  (
    'AMD AOA ARS BDT CDF CRC DZD ETB GYD HTG HUF IQD IRR JMD KES KHR KPW KZT LAK LBP LKR LRD MGA MMK MNT MWK NGN NPR PKR ' +
    'RSD SDG SOS SSP SYP TZS UZS VES VND YER'
  ).split(' '),
);

/** The amounts that at least one payment provider can charge. Throws a RangeError for an unknown code. */
export function chargeBounds(currency: Currency): ChargeBounds {
  decimals(currency);
  const maximum = CARD_MAXIMUM.has(currency) ? { maxMinor: TWELVE_DIGITS } : {};
  return { ...DEFAULT_BOUNDS, ...maximum, ...DOCUMENTED_BOUNDS[currency] };
}

/** Whether an amount that is due can be paid: 0 needs no charge, other amounts are between the minimum and the maximum. */
export function isPayable(
  amountMinor: number,
  { minMinor, maxMinor }: Pick<ChargeBounds, 'minMinor' | 'maxMinor'>,
): boolean {
  return amountMinor === 0 || (amountMinor >= minMinor && amountMinor <= maxMinor);
}

/** The largest multiple of the step that an amount contains, such as the charge for a total. */
export function roundDownToStep(amountMinor: number, stepMinor: number): number {
  requireStep(amountMinor, stepMinor);
  return amountMinor - (amountMinor % stepMinor);
}

/** The smallest multiple of the step that contains an amount. */
export function roundUpToStep(amountMinor: number, stepMinor: number): number {
  const down = roundDownToStep(amountMinor, stepMinor);
  return down === amountMinor ? down : down + stepMinor;
}

function requireStep(amountMinor: number, stepMinor: number): void {
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0) {
    throw new RangeError('An amount must be a whole number, at least 0');
  }
  if (!Number.isSafeInteger(stepMinor) || stepMinor < 1) throw new RangeError('A step must be at least 1');
}
