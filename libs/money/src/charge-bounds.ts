import { type Currency, decimals } from './currency.js';

/** The amounts of one currency that can be charged, in minor units. 0 is never charged, so no bound applies to it. */
export interface ChargeBounds {
  minMinor: number;
  maxMinor: number;
  /** Charges are multiples of it. Roost prices to the minor unit, so the adapter of such a provider rounds. */
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
 * - BHD, JOD, KWD, OMR, TND: the last digit of the three decimals must be 0.
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
