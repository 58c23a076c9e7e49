import { randomUUID } from 'node:crypto';
import type { StripeProvider } from '../src/provider/stripe/stripe-provider.js';
import { describeWith } from '@roost/testing';
import { FakeStripe, STRIPE_KEY } from '@roost/testing/fake-stripe';
import { startStripeMock } from './stripe-mock/stripe-mock.js';
import { StripeSchemas } from './stripe-mock/stripe-schemas.js';
import { newPayment, stripeProvider } from './stripe.fixture.js';

interface StripeList {
  object: 'list' | 'search_result';
  data: { object: string }[];
}

const PAYMENT_METHOD = { paymentMethod: 'pm_card_visa', returnUrl: null };

/** Every call of the adapter, with each of its forms. */
async function callEverything(provider: StripeProvider, ids: { payoutId: string; paymentId: string }) {
  const payment = (overrides: object = {}) => newPayment({ ...overrides, key: randomUUID() });
  const confirm = (ref: string, given: object = {}) =>
    provider.confirm({ ...PAYMENT_METHOD, key: randomUUID(), ref, ...given });
  const amount = { amountMinor: 27_280, currency: 'USD' };
  const held = await provider.create(payment({ capture: 'manual' }));
  await confirm(held.ref);
  await provider.capture({ key: randomUUID(), ref: held.ref, ...amount });
  const waiting = await provider.create(payment());
  const returnUrl = 'https://app.example.com/trips/1';
  await confirm(waiting.ref, { paymentMethod: 'pm_card_authenticationRequired', returnUrl });
  await provider.cancel({ key: randomUUID(), ref: waiting.ref });
  const { ref } = await provider.create(payment({ paymentId: ids.paymentId, currency: 'JPY' }));
  await confirm(ref);
  const refund = { key: randomUUID(), ref, refundId: randomUUID(), reason: 'admin' };
  const refunded = await provider.refund({ ...refund, amountMinor: 280, currency: 'JPY' });
  const disputed = await provider.create(payment());
  await confirm(disputed.ref, { paymentMethod: 'pm_card_createDispute' });
  const { payoutId } = ids;
  const recent = { createdSince: new Date(Date.now() - 60_000) };
  const transfer = { key: randomUUID(), payoutId, destination: 'acct_1Host', ...amount };
  const transferred = await provider.transfers.create(transfer);
  return {
    intents: [held, waiting, await provider.find(ref), await provider.findByPayment(ids.paymentId)],
    refunds: [refunded, ...(await provider.refunds(ref))],
    disputes: (await Array.fromAsync(provider.disputes.all())).filter(
      ({ paymentRef }) => paymentRef === disputed.ref,
    ),
    transfers: [
      transferred,
      await provider.transfers.find(transferred.ref),
      await provider.transfers.findByPayout(payoutId),
    ],
    lists: await Promise.all(
      [provider.all(recent), provider.disputes.all(recent), provider.transfers.all(recent)].map((list) =>
        Array.fromAsync<{ ref: string }>(list),
      ),
    ),
  };
}

describeWith('stripe-mock')('the contract with Stripe', () => {
  let mock: Awaited<ReturnType<typeof startStripeMock>>;
  let fake: FakeStripe;
  beforeAll(async () => {
    [mock, fake] = await Promise.all([startStripeMock(), FakeStripe.start()]);
    await callEverything(stripeProvider(fake.url), { payoutId: randomUUID(), paymentId: randomUUID() });
    fake.reindex();
    const provider = stripeProvider(fake.url);
    const [intent] = fake.account.intents.values();
    await provider.findByPayment(intent?.metadata.paymentId ?? '');
    const [dispute] = fake.account.disputes.keys();
    await provider.disputes.find(dispute ?? '');
  });
  afterAll(() => Promise.all([mock.stop(), fake.stop()]));

  test('stripe-mock accepts every request that the fake has received', async () => {
    const kinds = new Set<string>();
    for (const { method, path, raw } of fake.requests) {
      const query = method === 'GET' && raw !== '' ? `?${raw}` : '';
      const response = await fetch(`${mock.url}${path}${query}`, {
        method,
        headers: {
          authorization: `Bearer ${STRIPE_KEY}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        ...(method === 'POST' ? { body: raw } : {}),
      });
      expect([method, path, raw, response.status, await response.text()]).toEqual([
        method,
        path,
        raw,
        200,
        expect.anything(),
      ]);
      kinds.add(`${method} ${path.replace(/\/(?:pi|du|tr)_\w+/, '/{id}')}`);
    }
    expect([...kinds].sort()).toEqual([
      'GET /v1/disputes',
      'GET /v1/disputes/{id}',
      'GET /v1/payment_intents',
      'GET /v1/payment_intents/search',
      'GET /v1/payment_intents/{id}',
      'GET /v1/refunds',
      'GET /v1/transfers',
      'GET /v1/transfers/{id}',
      'POST /v1/payment_intents',
      'POST /v1/payment_intents/{id}/cancel',
      'POST /v1/payment_intents/{id}/capture',
      'POST /v1/payment_intents/{id}/confirm',
      'POST /v1/refunds',
      'POST /v1/transfers',
    ]);
  });

  test('stripe-mock rejects a request with a wrong parameter', async () => {
    const response = await fetch(`${mock.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${STRIPE_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'amount=100&currency=usd&capture_method=later',
    });
    expect(response.status).toBe(400);
  });

  test('the adapter reads the responses of stripe-mock', async () => {
    const provider = stripeProvider(mock.url);
    const read = await callEverything(provider, { payoutId: randomUUID(), paymentId: randomUUID() });
    const ref = (prefix: string): unknown => expect.stringMatching(new RegExp(`^${prefix}_`));
    expect(read.intents[0]).toMatchObject({ ref: ref('pi'), currency: 'USD', amountMinor: 27_280 });
    for (const refund of read.refunds) expect(refund).toMatchObject({ ref: ref('re') });
    expect(read.transfers[0]).toMatchObject({
      ref: ref('tr'),
      amountMinor: 27_280,
      destination: 'acct_1Host',
    });
    const first = read.lists.map(([item]) => item?.ref);
    // The dispute of stripe-mock is an inquiry, which withdraws no money.
    expect(first).toEqual([ref('pi'), undefined, ref('tr')]);
    expect(read.disputes).toEqual([]);
    expect(await provider.disputes.find('du_1')).toMatchObject({ evidenceDueAt: expect.any(Date) as Date });
  });

  test('the responses of the fake fit Stripe’s OpenAPI document', () => {
    const schemas = new StripeSchemas();
    const seen = new Set<string>();
    for (const [, body] of fake.responses) {
      const { object, data } = body as StripeList;
      const objects = ['list', 'search_result'].includes(object) ? data : [body as { object: string }];
      for (const each of objects) {
        seen.add(each.object);
        expect([each, schemas.errorsOf(each)]).toEqual([each, []]);
      }
    }
    expect([...seen].sort()).toEqual(['dispute', 'payment_intent', 'refund', 'transfer']);
    expect(schemas.errorsOf({ ...fake.intentOf(firstPayment()), status: 'later' } as never)).not.toEqual([]);
  });

  const firstPayment = () => [...fake.account.intents.values()][0]?.metadata.paymentId ?? '';
});
