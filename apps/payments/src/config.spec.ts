import { readConfig } from '@roost/platform';
import { PaymentsConfig } from './config.js';

const production = {
  ROOST_ENV: 'production',
  PUBLIC_URL: 'https://roost.example.com',
  ENCRYPTION_KEY: 'Zk1vS8xq0bN3yRt6uHw9eLc2pDg5jKf7',
  LEGAL_ENTITIES: JSON.stringify([
    {
      id: 'example',
      name: 'Example Inc.',
      addressLines: ['1 Main St'],
      countryCode: 'US',
      numberPrefix: 'EX-',
    },
  ]),
};
const keys = {
  STRIPE_SECRET_KEY: 'sk_live_specs',
  STRIPE_PUBLISHABLE_KEY: 'pk_live_specs',
  STRIPE_WEBHOOK_SECRET: 'whsec_of_the_specs',
};
const read = (env: Record<string, string>) => readConfig(PaymentsConfig, env, { database: false });

it('starts production with a real provider and its keys', () => {
  const config = read({ ...production, ...keys, PAYMENT_PROVIDERS: 'stripe:USD|EUR' });
  expect(config.PAYMENT_PROVIDERS).toBe('stripe:USD|EUR');
});

it('names each missing key of an enabled provider, in every environment', () => {
  for (const env of [production, {}]) {
    expect(() => read({ ...env, PAYMENT_PROVIDERS: 'stripe' })).toThrow(
      /^STRIPE_SECRET_KEY is missing: .* \(PAYMENT_PROVIDERS requires it\)\.\nSTRIPE_PUBLISHABLE_KEY is missing: .*\.\nSTRIPE_WEBHOOK_SECRET is missing: .*\.$/,
    );
  }
});

it.each(['sandbox', 'stripe,sandbox', 'stripe,sandbox:USD'])('refuses %s in production', (list) => {
  const env = { ...production, ...keys, PAYMENT_PROVIDERS: list };
  expect(() => read(env)).toThrow(
    `PAYMENT_PROVIDERS is "${list}": in production it must be a list without sandbox`,
  );
});

it('refuses production without PAYMENT_PROVIDERS, because its default is the sandbox', () => {
  expect(() => read(production)).toThrow('PAYMENT_PROVIDERS is "sandbox": in production it must be');
});

it.each(['paypal', 'stripe:QQQ'])('refuses the list %s', (list) => {
  expect(() => read({ PAYMENT_PROVIDERS: list })).toThrow(`PAYMENT_PROVIDERS is "${list}": it must be a`);
});

it.each([
  ['sk_live_specs', 'pk_test_specs'],
  ['sk_test_specs', 'pk_live_specs'],
  ['rk_live_specs', 'pk_test_specs'],
])('refuses %s together with %s, without their values', (secret, publishable) => {
  const env = { ...keys, STRIPE_SECRET_KEY: secret, STRIPE_PUBLISHABLE_KEY: publishable };
  expect(() => read(env)).toThrow(
    /^STRIPE_PUBLISHABLE_KEY does not match STRIPE_SECRET_KEY: both must be live keys, or both test keys, of the same account\.$/,
  );
});

it('accepts a test key with a test key', () => {
  const env = { ...keys, STRIPE_SECRET_KEY: 'rk_test_specs', STRIPE_PUBLISHABLE_KEY: 'pk_test_specs' };
  expect(read(env).STRIPE_PUBLISHABLE_KEY).toBe('pk_test_specs');
});

it.each(['sk_live_secret', 'pk'])('refuses %s as a publishable key, without its value', (key) => {
  expect(() => read({ STRIPE_PUBLISHABLE_KEY: key })).toThrow(
    'STRIPE_PUBLISHABLE_KEY has a value that is not allowed',
  );
});
