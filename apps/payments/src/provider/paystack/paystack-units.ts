import { type Currency, decimals } from '@roost/money';

/** https://paystack.com/docs/api/#supported-currency */
export const PAYSTACK_CURRENCIES: readonly Currency[] = ['GHS', 'KES', 'NGN', 'USD', 'XOF', 'ZAR'];

/** Paystack counts hundredths in every currency, also in XOF, which has no decimals. */
const PAYSTACK_DECIMALS = 2;

const factorOf = (currency: Currency) => 10 ** (PAYSTACK_DECIMALS - decimals(currency));

/** The amount in Paystack's subunit. */
export const toSubunits = (amountMinor: number, currency: Currency): number =>
  amountMinor * factorOf(currency);

/** The amount in minor units. A fraction of the minor unit, which no guest can pay, is rounded. */
export const fromSubunits = (subunits: number, currency: Currency): number =>
  Math.round(subunits / factorOf(currency));
