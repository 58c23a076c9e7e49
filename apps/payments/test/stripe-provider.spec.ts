import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProviderRejection, ProviderShortage, ProviderUnavailable } from '../src/provider/provider.port.js';
import type { StripeProvider } from '../src/provider/stripe/stripe-provider.js';
import { FakeStripe } from '@roost/testing/fake-stripe';
import { errorOf, newPayment, stripeProvider } from './stripe.fixture.js';

const RETURN_URL = 'https://app.example.com/trips/1';

describe('the adapter of Stripe', () => {
  let fake: FakeStripe;
  let provider: StripeProvider;
  beforeAll(async () => {
    fake = await FakeStripe.start();
    provider = stripeProvider(fake.url);
  });
  afterEach(() => fake.plan());
  afterAll(() => fake.stop());

  const confirm = (ref: string, paymentMethod = 'pm_card_visa', returnUrl: string | null = null) =>
    provider.confirm({ key: `confirm:${randomUUID()}`, ref, paymentMethod, returnUrl });
  const captured = async (paymentMethod?: string, overrides: object = {}) => {
    const { ref } = await provider.create(newPayment(overrides));
    return confirm(ref, paymentMethod);
  };
  const refund = (ref: string, amountMinor: number, refundId: string = randomUUID(), currency = 'USD') =>
    provider.refund({ key: `refund:${refundId}`, ref, refundId, amountMinor, currency, reason: 'admin' });

  describe('payments', () => {
    test('creates one intent per key and charges it once', async () => {
      const payment = newPayment();
      const created = await provider.create(payment);
      expect(created).toMatchObject({
        paymentId: payment.paymentId,
        status: 'open',
        amountMinor: 27_280,
        currency: 'USD',
        authorizedMinor: 0,
        capturedMinor: 0,
        failureCode: null,
      });
      expect(created.clientSecret).toMatch(/^pi_\w+_secret_/);
      expect(await provider.create(payment)).toEqual(created);
      const call = { key: 'confirm:1', ref: created.ref, paymentMethod: 'pm_card_visa', returnUrl: null };
      expect(await provider.confirm(call)).toMatchObject({ status: 'captured', capturedMinor: 27_280 });
      expect(await provider.confirm(call)).toMatchObject({ status: 'captured', capturedMinor: 27_280 });
      expect(fake.chargesOf(created.ref)).toEqual([27_280]);
    });

    test('authorizes, with the time-limit of the authorization, and captures', async () => {
      const held = await captured('pm_card_visa', { capture: 'manual' });
      expect(held).toMatchObject({ status: 'authorized', authorizedMinor: 27_280, capturedMinor: 0 });
      expect(held.captureBefore?.getTime()).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      const capture = { key: 'capture:1', ref: held.ref, amountMinor: 27_280, currency: 'USD' };
      expect(await provider.capture(capture)).toMatchObject({ status: 'captured', capturedMinor: 27_280 });
      // A day later, Stripe does not know the key any more.
      fake.forgetKeys();
      expect(await provider.capture(capture)).toMatchObject({ status: 'captured', capturedMinor: 27_280 });
      expect(await errorOf(provider.cancel({ key: 'void:1', ref: held.ref }))).toMatchObject({
        code: 'intent_unexpected_state',
        intent: { status: 'captured' },
      });
    });

    test('releases an authorization, and again', async () => {
      const { ref } = await captured('pm_card_visa', { capture: 'manual' });
      for (const key of ['void:2', 'void:3']) {
        expect(await provider.cancel({ key, ref })).toMatchObject({ status: 'canceled', refundedMinor: 0 });
      }
    });

    test('sends the guest to the bank and back', async () => {
      const { ref } = await provider.create(newPayment());
      const waiting = await confirm(ref, 'pm_card_authenticationRequired', RETURN_URL);
      expect(waiting).toMatchObject({
        status: 'action',
        redirectUrl: expect.stringContaining('/3d_secure_2/') as string,
      });
      expect(fake.intentOf(waiting.paymentId ?? '').next_action?.redirect_to_url?.return_url).toBe(
        RETURN_URL,
      );
      fake.account.decide(ref, 'refuse');
      expect(await provider.find(ref)).toMatchObject({
        status: 'open',
        failureCode: 'payment_intent_authentication_failure',
        redirectUrl: null,
      });
      const again = await confirm(ref, 'pm_card_authenticationRequired');
      // Without a page to return to, Stripe.js continues with the client secret.
      expect(again).toMatchObject({ status: 'action', redirectUrl: null });
      fake.account.decide(ref, 'approve');
      expect(await provider.find(ref)).toMatchObject({ status: 'captured', capturedMinor: 27_280 });
    });

    test('a payment that the bank processes cannot be canceled yet, and the outcome is unclear', async () => {
      const { ref } = await provider.create(newPayment());
      expect(await confirm(ref, 'pm_usBankAccount_processing')).toMatchObject({ status: 'processing' });
      const cancel = { key: 'void:4', ref };
      expect(await errorOf(provider.cancel(cancel))).toBeInstanceOf(ProviderUnavailable);
      fake.account.decide(ref, 'refuse');
      // The key still returns the rejection of the first request.
      expect(await provider.cancel(cancel)).toMatchObject({ status: 'canceled' });
    });

    test('the search finds a payment later; until then, the key does', async () => {
      const payment = newPayment();
      const created = await provider.create(payment);
      expect(await provider.findByPayment(payment.paymentId)).toBeNull();
      expect((await provider.create(payment)).ref).toBe(created.ref);
      fake.reindex();
      expect(await provider.findByPayment(payment.paymentId)).toEqual(created);
      expect(await provider.findByPayment(randomUUID())).toBeNull();
    });

    test('lists all payments, page by page', async () => {
      const refs = new Set<string>();
      for (let count = 0; count < 120; count += 1) refs.add((await provider.create(newPayment())).ref);
      for await (const intent of provider.all()) refs.delete(intent.ref);
      expect(refs.size).toBe(0);
    });

    test('lists what was created since an instant', async () => {
      await captured('pm_card_createDispute');
      await provider.transfers.create({
        ...{ key: randomUUID(), payoutId: randomUUID(), destination: 'acct_1Host' },
        ...{ amountMinor: 100, currency: 'USD' },
      });
      const count = async (createdSince: Date) => {
        const filter = { createdSince };
        const lists = [provider.all(filter), provider.disputes.all(filter), provider.transfers.all(filter)];
        return Promise.all(lists.map(async (list) => (await Array.fromAsync<unknown>(list)).length > 0));
      };
      expect(await count(new Date(Date.now() - 60_000))).toEqual([true, true, true]);
      expect(await count(new Date(Date.now() + 60_000))).toEqual([false, false, false]);
    });
  });

  describe('refunds', () => {
    test('refunds parts, up to the captured amount', async () => {
      const { ref } = await captured();
      const refundId = randomUUID();
      const first = await refund(ref, 10_000, refundId);
      expect(first).toMatchObject({ refundId, amountMinor: 10_000, status: 'succeeded' });
      expect(await refund(ref, 10_000, refundId)).toEqual(first);
      expect(await provider.find(ref)).toMatchObject({ status: 'captured', refundedMinor: 10_000 });
      expect(await errorOf(refund(ref, 17_281))).toMatchObject({ code: 'amount_too_large', declined: false });
      await refund(ref, 17_280);
      expect(await errorOf(refund(ref, 1))).toMatchObject({ code: 'charge_already_refunded' });
      expect(await provider.refunds(ref)).toEqual([expect.objectContaining({ amountMinor: 17_280 }), first]);
    });

    test('a refund that the balance does not suffice for is a shortage, also when the same key is repeated', async () => {
      const { ref } = await captured();
      const refundId = randomUUID();
      fake.account.hasBalance = false;
      expect(await errorOf(refund(ref, 500, refundId))).toBeInstanceOf(ProviderShortage);
      fake.account.hasBalance = true;
      // Stripe has stored the error for the key: a worker that still has it refunds nothing.
      expect(await errorOf(refund(ref, 500, refundId))).toBeInstanceOf(ProviderShortage);
      expect(fake.refundsOf(ref)).toHaveLength(0);
    });

    test('a refund can be pending, and fail later', async () => {
      const { ref } = await captured('pm_card_refundFail');
      const pending = await refund(ref, 500);
      expect(pending.status).toBe('pending');
      fake.account.decideRefund(pending.ref, 'failed');
      expect(await provider.refunds(ref)).toMatchObject([{ ref: pending.ref, status: 'failed' }]);
      expect(await provider.find(ref)).toMatchObject({ refundedMinor: 0 });
    });
  });

  describe('errors', () => {
    test.each([
      ['pm_card_chargeDeclined', 'generic_decline'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
      ['pm_card_chargeDeclinedStolenCard', 'generic_decline'],
    ])('%s is declined with %s', async (card, code) => {
      const { ref } = await provider.create(newPayment());
      expect(await errorOf(confirm(ref, card))).toMatchObject({
        name: 'ProviderRejection',
        declined: true,
        code,
      });
      expect(await provider.find(ref)).toMatchObject({ status: 'open', failureCode: code });
      expect(fake.chargesOf(ref)).toEqual([]);
    });

    test('an unknown payment method, a wrong state and an unknown intent are rejections', async () => {
      const { ref } = await captured();
      expect(await errorOf(confirm(ref))).toMatchObject({ code: 'intent_unexpected_state', declined: false });
      expect(await errorOf(confirm((await provider.create(newPayment())).ref, 'pm_none'))).toMatchObject({
        code: 'payment_method_unknown',
      });
      expect(await errorOf(provider.find('pi_none'))).toMatchObject({ code: 'not_found' });
    });

    test('another request with the same key is unclear', async () => {
      const payment = newPayment();
      await provider.create(payment);
      expect(await errorOf(provider.create({ ...payment, amountMinor: 1_000 }))).toBeInstanceOf(
        ProviderUnavailable,
      );
    });

    test.each(['silent', 'drop', 'garbage', '409', '429', '500'] as const)(
      'after %s the outcome is unclear, and the repeated call charges once',
      async (kind) => {
        const { ref } = await provider.create(newPayment());
        const call = { key: `confirm:${randomUUID()}`, ref, paymentMethod: 'pm_card_visa', returnUrl: null };
        fake.plan({ route: 'confirm', kind });
        expect(await errorOf(provider.confirm(call))).toBeInstanceOf(ProviderUnavailable);
        fake.plan();
        expect(await provider.confirm(call)).toMatchObject({ status: 'captured' });
        expect(fake.chargesOf(ref)).toEqual([27_280]);
      },
    );

    test('a stored failure of Stripe delays neither a creation nor a confirmation', async () => {
      fake.plan({ route: 'create', kind: 'stored-500' });
      const { ref } = await provider.create(newPayment());
      fake.plan({ route: 'confirm', kind: 'stored-500' });
      expect(await confirm(ref, 'pm_card_visa')).toMatchObject({ status: 'captured' });
      expect(fake.chargesOf(ref)).toEqual([27_280]);
    });

    test('a stored error delays neither a capture nor a release', async () => {
      const { ref } = await captured('pm_card_visa', { capture: 'manual' });
      const capture = { key: 'capture:5', ref, amountMinor: 27_280, currency: 'USD' };
      fake.plan({ route: 'capture', kind: 'stored-500' });
      expect(await provider.capture(capture)).toMatchObject({ status: 'captured' });
    });

    test('one fault is repeated at once with the same key', async () => {
      fake.plan({ route: 'create', kind: 'drop', times: 1 });
      const payment = newPayment();
      await provider.create(payment);
      fake.intentOf(payment.paymentId);
    });

    test('a wrong secret key is unclear: it must not end payments', async () => {
      const other = stripeProvider(fake.url, 'sk_test_wrong');
      expect(await errorOf(other.create(newPayment()))).toBeInstanceOf(ProviderUnavailable);
    });

    test.each([
      'null',
      '[]',
      '"text"',
      '{}',
      '{"object":"payment_intent","id":"pi_1"}',
      '{"error":null}',
      '',
    ])('the response %j is unclear', async (body) => {
      const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const { port } = server.address() as AddressInfo;
        const strange = stripeProvider(`http://127.0.0.1:${port}`);
        expect(await errorOf(strange.find('pi_1'))).toBeInstanceOf(ProviderUnavailable);
        expect(await errorOf(strange.refunds('pi_1'))).toBeInstanceOf(ProviderUnavailable);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });

    test('no connection is unclear', async () => {
      expect(await errorOf(stripeProvider('http://127.0.0.1:9').find('pi_1'))).toBeInstanceOf(
        ProviderUnavailable,
      );
    });
  });

  describe('currencies', () => {
    test.each([
      ['JPY', 15_000, '15000'],
      ['KWD', 12_340, '12340'],
      ['ISK', 5_000, '500000'],
      ['UGX', 40_000, '4000000'],
      ['MGA', 500_000, '5000'],
    ])('charges, refunds and transfers %s', async (currency, amountMinor, sent) => {
      const payment = newPayment({ currency, amountMinor });
      const { ref } = await provider.create(payment);
      expect(String(fake.intentOf(payment.paymentId).amount)).toBe(sent);
      expect(await confirm(ref)).toMatchObject({ currency, amountMinor, capturedMinor: amountMinor });
      expect(await refund(ref, amountMinor / 2, randomUUID(), currency)).toMatchObject({
        amountMinor: amountMinor / 2,
      });
      expect(await provider.find(ref)).toMatchObject({ refundedMinor: amountMinor / 2 });
      const payoutId = randomUUID();
      const transfer = { key: `payout:${payoutId}`, payoutId, destination: 'acct_1', amountMinor, currency };
      expect(await provider.transfers.create(transfer)).toMatchObject({ amountMinor, currency });
    });

    test('sends no amount that Stripe would round', async () => {
      fake.requests.length = 0;
      const code = 'amount_precision_unsupported';
      const amount = { amountMinor: 12_345, currency: 'KWD' };
      const payoutId = randomUUID();
      const calls = [
        provider.create(newPayment(amount)),
        provider.capture({ key: 'capture:6', ref: 'pi_1', ...amount }),
        refund('pi_1', 12_345, randomUUID(), 'KWD'),
        provider.transfers.create({ key: `payout:${payoutId}`, payoutId, destination: 'acct_1', ...amount }),
      ];
      for (const call of calls)
        expect(await errorOf(call)).toMatchObject({ name: 'ProviderRejection', code });
      expect(fake.requests).toEqual([]);
    });
  });

  test('reads disputes', async () => {
    const { ref } = await captured('pm_card_createDispute');
    const all = await Array.fromAsync(provider.disputes.all());
    const dispute = all.find(({ paymentRef }) => paymentRef === ref);
    expect(dispute).toMatchObject({
      paymentRef: ref,
      status: 'needs_response',
      amountMinor: 27_280,
      currency: 'USD',
    });
    expect(dispute?.evidenceDueAt?.getTime()).toBeGreaterThan(Date.now());
    expect(await errorOf(refund(ref, 1))).toMatchObject({ code: 'charge_disputed' });
    fake.account.decideDispute(dispute?.ref ?? '', 'lost');
    expect(await provider.disputes.find(dispute?.ref ?? '')).toMatchObject({ status: 'lost' });
  });

  test('transfers once per key, finds the transfer, and reports a reversal', async () => {
    const payoutId = randomUUID();
    const request = {
      key: `payout:${payoutId}`,
      payoutId,
      destination: 'acct_1HostAbc',
      amountMinor: 20_000,
      currency: 'USD',
    };
    const { transfers } = provider;
    expect(await transfers.findByPayout(payoutId)).toBeNull();
    fake.plan({ route: 'transfer', kind: 'silent' });
    expect(await errorOf(transfers.create(request))).toBeInstanceOf(ProviderUnavailable);
    fake.plan();
    const found = await transfers.findByPayout(payoutId);
    expect(await transfers.create(request)).toEqual(found);
    expect(found).toMatchObject({
      payoutId,
      status: 'paid',
      destination: 'acct_1HostAbc',
      failureCode: null,
    });
    const ref = found?.ref ?? '';
    fake.account.reverse(ref, 5_000);
    expect(await transfers.find(ref)).toMatchObject({ status: 'paid' });
    fake.account.reverse(ref, 15_000);
    expect(await transfers.find(ref)).toMatchObject({ status: 'failed', failureCode: 'transfer_reversed' });
    const refs: string[] = [];
    for await (const each of transfers.all()) refs.push(each.ref);
    expect(refs).toContain(ref);
    for (const destination of ['acct_closed', 'ba_1', '../balance']) {
      const rejected = await errorOf(transfers.create({ ...request, key: randomUUID(), destination }));
      expect(rejected).toBeInstanceOf(ProviderRejection);
    }
  });
});
