import { type Currency, isCurrency } from '@roost/money';
import { PROVIDER_NAMES, type ProviderName } from './provider.port.js';

/** One entry of PAYMENT_PROVIDERS: a provider and the payments that it takes. */
export interface ProviderRule {
  provider: ProviderName;
  /** Null: every currency that the provider supports. */
  currencies: readonly Currency[] | null;
  /** The countries of the listings; null: every country. */
  countries: readonly string[] | null;
}

/** The part of a payment that decides about its provider. */
export interface PaymentOrigin {
  currency: Currency;
  /** The country of the listing; null: unknown, which no entry with countries takes. */
  countryCode: string | null;
}

const MAX_ENTRIES = 20;
const ENTRY = /^([a-z]+)(?::([A-Z]{2,3}(?:\|[A-Z]{2,3})*))?$/;

/**
 * Parses PAYMENT_PROVIDERS: `paystack:NGN|GHS|ZA,stripe` are two entries in the order of preference. Three letters limit an
 * entry to a currency of the payment, two letters to a country of the listing. Returns null for an invalid list.
 */
export function parseProviderRules(list: string): ProviderRule[] | null {
  const entries = list.split(',').map((entry) => entry.trim());
  if (entries.length > MAX_ENTRIES || new Set(entries).size < entries.length) return null;
  const rules = entries.map(parseEntry);
  return rules.every((rule) => rule !== null) ? rules : null;
}

/** The first entry that takes the payment. `supports`: whether a provider supports a currency at all. */
export function chooseRule(
  rules: readonly ProviderRule[],
  { currency, countryCode }: PaymentOrigin,
  supports: (provider: ProviderName, currency: Currency) => boolean,
): ProviderRule | null {
  const fits = ({ provider, currencies, countries }: ProviderRule) =>
    (currencies === null || currencies.includes(currency)) &&
    (countries === null || (countryCode !== null && countries.includes(countryCode))) &&
    supports(provider, currency);
  return rules.find(fits) ?? null;
}

export const usesSandbox = (list: string): boolean =>
  parseProviderRules(list)?.some(({ provider }) => provider === 'sandbox') ?? false;

/** The settings without which a provider cannot work. */
const REQUIRED_SETTINGS: Record<ProviderName, readonly string[]> = {
  sandbox: [],
  stripe: ['STRIPE_SECRET_KEY', 'STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SECRET'],
  paystack: ['PAYSTACK_SECRET_KEY', 'PAYSTACK_CUSTOMER_EMAIL_DOMAIN'],
};

export const requiredSettings = (list: string): string[] => [
  ...new Set((parseProviderRules(list) ?? []).flatMap(({ provider }) => REQUIRED_SETTINGS[provider])),
];

function parseEntry(entry: string): ProviderRule | null {
  const [, name, limits] = ENTRY.exec(entry) ?? [];
  const provider = PROVIDER_NAMES.find((known) => known === name);
  if (provider === undefined) return null;
  const codes = limits?.split('|') ?? [];
  const currencies = codes.filter((code) => code.length === 3);
  const countries = codes.filter((code) => code.length === 2);
  if (!currencies.every(isCurrency) || new Set(codes).size < codes.length) return null;
  return {
    provider,
    currencies: currencies.length > 0 ? currencies : null,
    countries: countries.length > 0 ? countries : null,
  };
}
