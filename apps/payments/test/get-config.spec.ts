import { LOCALES } from '@roost/contracts';
import { CURRENCIES } from '@roost/money';
import { startTestService, type TestService } from '@roost/testing';
import { payments } from '../src/service.js';

interface ClientConfigBody extends Record<string, unknown> {
  providers: object[];
  currencies: { code: string }[];
}

let service: TestService;
afterEach(() => service.close());

const start = async (env: Record<string, string> = {}) =>
  (service = await startTestService(payments, { env }));

test('200 for anyone: providers, currencies with the limits of charges, fees and locales', async () => {
  await start({ GUEST_FEE_BPS: '1250', STRIPE_PUBLISHABLE_KEY: 'pk_test_specs' });
  const { status, body, headers } = await service.anonymous.get<ClientConfigBody>('/v1/config');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    // The key of a provider that is not enabled is not shown.
    providers: [
      { name: 'sandbox', publishableKey: null, currencies: null, countries: null, confirmation: 'server' },
    ],
    fees: { guestServiceFeeBps: 1_250, hostFeeBps: 300 },
    locales: [...LOCALES],
  });
  expect(body.currencies.map(({ code }) => code)).toEqual(CURRENCIES);
  for (const expected of [
    { code: 'JPY', exponent: 0, chargeStepMinor: 1, minMinor: 50, maxMinor: 99_999_999 },
    { code: 'USD', exponent: 2, chargeStepMinor: 1, minMinor: 50, maxMinor: 99_999_999 },
    { code: 'KWD', exponent: 3, chargeStepMinor: 10, minMinor: 50, maxMinor: 99_999_999 },
  ])
    expect(body.currencies).toContainEqual(expected);
  expect(headers.get('cache-control')).toBe('public, max-age=300');
});

test('304 for a client that has the settings already', async () => {
  await start();
  const etag = (await service.anonymous.get('/v1/config')).headers.get('etag') ?? '';
  const again = await service.anonymous.get('/v1/config', { 'if-none-match': etag });
  expect(again.status).toBe(304);
});

test('has the limits of each entry, and only currencies that some entry takes', async () => {
  await start({ PAYMENT_PROVIDERS: 'sandbox:NGN|GHS|ZA,sandbox:JPY' });
  const { body } = await service.anonymous.get<ClientConfigBody>('/v1/config');
  expect(body.providers).toMatchObject([
    { name: 'sandbox', currencies: ['NGN', 'GHS'], countries: ['ZA'] },
    { name: 'sandbox', currencies: ['JPY'], countries: null },
  ]);
  expect(body.currencies.map(({ code }) => code)).toEqual(['GHS', 'JPY', 'NGN']);
});

test('GraphQL returns the same', async () => {
  await start();
  const { data, errors } = await service.anonymous.graphql<{ config: unknown }>(
    `{ config { providers { name confirmation } fees { guestServiceFeeBps hostFeeBps } locales } }`,
  );
  expect(errors).toEqual([]);
  expect(data?.config).toEqual({
    providers: [{ name: 'sandbox', confirmation: 'server' }],
    fees: { guestServiceFeeBps: 1_400, hostFeeBps: 300 },
    locales: [...LOCALES],
  });
});
