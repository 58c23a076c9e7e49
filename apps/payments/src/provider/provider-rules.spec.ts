import { chooseRule, parseProviderRules, requiredSettings, usesSandbox } from './provider-rules.js';

describe('parseProviderRules', () => {
  it('reads entries in their order, with currencies and countries', () => {
    expect(parseProviderRules('paystack:NGN|GHS|ZA, stripe')).toEqual([
      { provider: 'paystack', currencies: ['NGN', 'GHS'], countries: ['ZA'] },
      { provider: 'stripe', currencies: null, countries: null },
    ]);
  });

  it('accepts several entries of one provider', () => {
    expect(parseProviderRules('stripe:USD,paystack:NGN,stripe')).toHaveLength(3);
  });

  it.each([
    '',
    ',',
    'paypal',
    'stripe,',
    'Stripe',
    'stripe:',
    'stripe:usd',
    'stripe:QQQ',
    'stripe:USDX',
    'stripe:USD|',
    'stripe:USD|USD',
    'stripe:USD+EUR',
    'stripe,stripe',
    'stripe;paystack',
    Array.from({ length: 21 }, (_, index) => `stripe:${String.fromCharCode(65 + index)}A`).join(','),
  ])('rejects %j', (list) => {
    expect(parseProviderRules(list)).toBeNull();
  });
});

describe('chooseRule', () => {
  const choose = (list: string, currency: string, countryCode: string | null) =>
    chooseRule(
      parseProviderRules(list) ?? [],
      { currency, countryCode },
      (provider, code) => provider !== 'paystack' || ['NGN', 'GHS', 'ZAR'].includes(code),
    )?.provider ?? null;

  it.each([
    ['stripe', 'USD', 'US', 'stripe'],
    ['stripe', 'USD', null, 'stripe'],
    ['stripe,paystack', 'NGN', 'NG', 'stripe'],
    ['paystack,stripe', 'NGN', 'NG', 'paystack'],
    // The provider does not support the currency.
    ['paystack,stripe', 'USD', 'NG', 'stripe'],
    ['paystack', 'USD', 'NG', null],
    ['paystack:NGN|GHS|ZA,stripe', 'NGN', 'ZA', 'paystack'],
    ['paystack:NGN|GHS|ZA,stripe', 'NGN', 'NG', 'stripe'],
    ['paystack:NGN|GHS|ZA,stripe', 'ZAR', 'ZA', 'stripe'],
    ['paystack:ZA,stripe', 'ZAR', 'ZA', 'paystack'],
    ['paystack:ZA,stripe', 'ZAR', 'NA', 'stripe'],
    // An entry with countries does not take a listing whose country is unknown.
    ['paystack:ZA,stripe', 'ZAR', null, 'stripe'],
    ['paystack:ZA', 'ZAR', null, null],
    ['stripe:USD|EUR', 'JPY', 'JP', null],
    ['stripe:USD,paystack:NGN,stripe:GB', 'GBP', 'GB', 'stripe'],
  ])('%s takes %s in %s by %s', (list, currency, country, expected) => {
    expect(choose(list, currency, country)).toBe(expected);
  });
});

const STRIPE = ['STRIPE_SECRET_KEY', 'STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SECRET'];
const PAYSTACK = ['PAYSTACK_SECRET_KEY', 'PAYSTACK_CUSTOMER_EMAIL_DOMAIN'];

it.each([
  ['sandbox', true, []],
  ['stripe', false, STRIPE],
  ['paystack:NGN,stripe', false, [...PAYSTACK, ...STRIPE]],
  ['stripe:USD,sandbox,stripe', true, STRIPE],
  ['not-a-list', false, []],
])('%s uses the sandbox: %s, and requires %j', (list, sandbox, settings) => {
  expect(usesSandbox(list)).toBe(sandbox);
  expect(requiredSettings(list)).toEqual(settings);
});
