import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tracing } from '@roost/tracing';
import { PaystackProvider } from '../src/provider/paystack/paystack-provider.js';
import { ProviderRejection, ProviderUnavailable } from '../src/provider/provider.port.js';
import { FakePaystack, SECRET_KEY } from './fake-paystack/fake-paystack.js';

describe('PaystackProvider', () => {
  let paystack: FakePaystack;
  let provider: PaystackProvider;
  beforeAll(async () => {
    paystack = await FakePaystack.start();
    provider = providerAt(paystack.url);
  });
  afterAll(() => paystack.stop());

  const providerAt = (url: string, secretKey = SECRET_KEY) =>
    new PaystackProvider({
      url,
      secretKey,
      customerEmailDomain: 'no-mail.example.com',
      timeoutSeconds: 0.5,
      tracing: { enabled: false } as Tracing,
    });
  const create = (overrides: { amountMinor?: number; currency?: string; paymentId?: string } = {}) =>
    provider.create({
      key: randomUUID(),
      paymentId: randomUUID(),
      bookingId: randomUUID(),
      guestId: randomUUID(),
      amountMinor: 10_000,
      currency: 'NGN',
      capture: 'automatic',
      ...overrides,
    });
  const paid = async (overrides: Parameters<typeof create>[0] = {}) => {
    const intent = await create(overrides);
    await paystack.pay(intent.redirectUrl);
    return provider.find(intent.ref);
  };
  const failure = async (call: Promise<unknown>): Promise<unknown> => {
    try {
      return await call;
    } catch (error) {
      return error;
    }
  };

  describe('payments', () => {
    test.each([
      ['abandoned', 'action', null],
      ['ongoing', 'action', null],
      ['pending', 'action', null],
      ['processing', 'action', null],
      ['queued', 'action', null],
      ['failed', 'action', 'payment_failed'],
      ['a status of tomorrow', 'action', null],
      ['success', 'captured', null],
      ['reversed', 'captured', null],
    ])('%s is %s', async (atPaystack, status, failureCode) => {
      const { ref, paymentId } = await create();
      paystack.state.byReference(ref)!.status = atPaystack;
      const capturedMinor = status === 'captured' ? 10_000 : 0;
      expect(await provider.find(ref)).toMatchObject({ ref, paymentId, status, failureCode, capturedMinor });
    });

    test('cancels nothing at Paystack, and reports money that was paid before', async () => {
      const { ref } = await create();
      expect(await provider.cancel({ key: 'k', ref })).toMatchObject({
        status: 'canceled',
        capturedMinor: 0,
      });
      expect(await provider.cancel({ key: 'k', ref: (await paid()).ref })).toMatchObject({
        status: 'captured',
        capturedMinor: 10_000,
      });
    });

    test('a repeated creation gets another page, and the earlier one is never returned', async () => {
      const paymentId = randomUUID();
      const first = await create({ paymentId });
      expect(await provider.findByPayment(paymentId)).toBeNull();
      const second = await create({ paymentId });
      expect(second.ref).toBe(`roost-${paymentId}-2`);
      expect(second.redirectUrl).not.toBe(first.redirectUrl);
      await paystack.pay(first.redirectUrl);
      expect(await provider.findByPayment(paymentId)).toMatchObject({ ref: first.ref, status: 'captured' });
      expect(await create({ paymentId })).toMatchObject({ ref: first.ref, status: 'captured' });
    });

    test('the fee that a customer pays on top is not part of the payment', async () => {
      const { ref } = await paid();
      const transaction = paystack.state.byReference(ref)!;
      const { amount } = transaction;
      transaction.requestedAmount = amount;
      transaction.amount = amount + 150;
      expect(await provider.find(ref)).toMatchObject({ amountMinor: 10_000, capturedMinor: 10_000 });
      transaction.amount = amount - 1_000;
      expect(await provider.find(ref)).toMatchObject({ amountMinor: 10_000, capturedMinor: 9_000 });
    });

    test('lists more than one page, with the paid refunds', async () => {
      const refs = new Set<string>();
      for (let n = 0; n < 120; n += 1) refs.add((await create()).ref);
      const { ref } = await paid({ currency: 'XOF', amountMinor: 10_000 });
      const request = {
        key: 'k',
        ref,
        refundId: randomUUID(),
        amountMinor: 300,
        currency: 'XOF',
        reason: 'admin',
      };
      await provider.refund(request);
      await provider.refund({ ...request, refundId: randomUUID(), amountMinor: 40 });
      const [first] = paystack.state.refunds.slice(-2);
      first!.status = 'processed';
      const all = await Array.fromAsync(provider.all());
      expect(all.filter((intent) => refs.has(intent.ref))).toHaveLength(120);
      expect(new Set(all.map((intent) => intent.ref)).size).toBe(paystack.state.transactions.length);
      expect(all.find((intent) => intent.ref === ref)).toMatchObject({
        capturedMinor: 10_000,
        refundedMinor: 300,
      });
      expect(await provider.find(ref)).toMatchObject({ refundedMinor: 300 });
    });
  });

  describe('refunds', () => {
    test.each([
      ['pending', 'pending'],
      ['processing', 'pending'],
      ['needs-attention', 'pending'],
      ['processed', 'succeeded'],
      ['failed', 'failed'],
    ] as const)('%s is %s', async (atPaystack, status) => {
      const { ref } = await paid();
      const refundId = randomUUID();
      await provider.refund({ key: 'k', ref, refundId, amountMinor: 400, currency: 'NGN', reason: 'admin' });
      paystack.state.refunds.at(-1)!.status = atPaystack;
      expect(await provider.refunds(ref)).toMatchObject([{ refundId, amountMinor: 400, status }]);
    });

    test('the refund of a lost dispute is no refund of ours', async () => {
      const { ref } = await paid();
      await provider.refund({
        key: 'k',
        ref,
        refundId: randomUUID(),
        amountMinor: 400,
        currency: 'NGN',
        reason: 'admin',
      });
      Object.assign(paystack.state.refunds.at(-1)!, { status: 'processed', dispute: 7 });
      expect(await provider.find(ref)).toMatchObject({ refundedMinor: 0 });
    });

    test('more than the remaining amount is rejected', async () => {
      const { ref } = await paid();
      const request = {
        key: 'k',
        ref,
        refundId: randomUUID(),
        amountMinor: 10_001,
        currency: 'NGN',
        reason: 'admin',
      };
      expect(await failure(provider.refund(request))).toMatchObject({ code: 'amount_rejected' });
    });
  });

  describe('errors', () => {
    test.each([
      [{ amountMinor: 4_999 }, 'amount_rejected'],
      [{ currency: 'EUR' }, 'currency_not_supported'],
    ])('rejects %o as %s, without the text of Paystack', async (request, code) => {
      const error = await failure(create(request));
      expect(error).toBeInstanceOf(ProviderRejection);
      expect(error).toMatchObject({
        code,
        declined: false,
        message: `Paystack rejected POST /transaction/initialize: ${code}`,
      });
    });

    test('an unknown reference is not found', async () => {
      expect(await failure(provider.find('roost-none'))).toMatchObject({ code: 'not_found' });
    });

    test.each(['fail', 'limited', 'garbage', 'lost'] as const)('%s is unclear', async (kind) => {
      const { ref } = await create();
      paystack.fail({ route: 'GET /transaction/verify', kind });
      const error = await failure(provider.find(ref));
      expect(error).toBeInstanceOf(ProviderUnavailable);
      expect(JSON.stringify([String(error), String((error as Error).cause)])).not.toMatch(
        /few minutes|proxy|sk_test|roost-/,
      );
    });

    test('a wrong key rejects no payment: an operator repairs it', async () => {
      const other = providerAt(paystack.url, 'sk_test_another_key_entirely');
      expect(await failure(other.find('roost-none'))).toBeInstanceOf(ProviderUnavailable);
    });

    test('an unreachable Paystack is unclear', async () => {
      expect(await failure(providerAt('http://127.0.0.1:9').find('x'))).toBeInstanceOf(ProviderUnavailable);
    });

    test('cards are neither confirmed nor captured here', async () => {
      expect(await failure(provider.confirm())).toMatchObject({ code: 'not_supported' });
      expect(await failure(provider.capture())).toMatchObject({ code: 'not_supported' });
    });
  });

  describe('transfers', () => {
    const destination = 'RCP_gx2wn530m0i3w3m';
    beforeAll(() => paystack.state.recipients.add(destination));
    afterEach(() => {
      paystack.transferStatus = 'pending';
    });
    const transfer = (payoutId: string, overrides: object = {}) =>
      provider.transfers.create({
        key: payoutId,
        payoutId,
        destination,
        amountMinor: 5_000,
        currency: 'NGN',
        ...overrides,
      });

    test('the same payout is transferred once', async () => {
      const payoutId = randomUUID();
      const first = await transfer(payoutId);
      expect(first).toEqual({
        ref: `payout-${payoutId}`,
        payoutId,
        status: 'pending',
        destination,
        amountMinor: 5_000,
        reversedMinor: 0,
        currency: 'NGN',
        failureCode: null,
      });
      expect(await transfer(payoutId)).toEqual(first);
      expect(await provider.transfers.find(first.ref)).toEqual(first);
      expect(await provider.transfers.findByPayout(payoutId)).toEqual(first);
      expect(paystack.state.transfers).toHaveLength(1);
    });

    test.each([
      ['success', 'paid', null],
      ['failed', 'failed', 'transfer_failed'],
      ['reversed', 'failed', 'transfer_reversed'],
      ['pending', 'pending', null],
      ['received', 'pending', null],
      ['otp', 'pending', 'otp_required'],
    ])('%s is %s', async (atPaystack, status, failureCode) => {
      paystack.transferStatus = atPaystack;
      expect(await transfer(randomUUID())).toMatchObject({ status, failureCode });
    });

    test('a lost response is found by the payout, and an unknown payout is null', async () => {
      const payoutId = randomUUID();
      paystack.fail({ route: 'POST /transfer', kind: 'lost' });
      expect(await failure(transfer(payoutId))).toBeInstanceOf(ProviderUnavailable);
      expect(await provider.transfers.findByPayout(payoutId)).toMatchObject({ payoutId, destination });
      expect(await provider.transfers.findByPayout(randomUUID())).toBeNull();
    });

    test.each([
      [{ destination: 'RCP_unknown' }, 'recipient_invalid'],
      [{ amountMinor: 2_000_000_000 }, 'balance_insufficient'],
    ])('rejects %o as %s', async (overrides, code) => {
      expect(await failure(transfer(randomUUID(), overrides))).toMatchObject({ code });
    });

    test('a transfer that exists and is not shown yet is unclear, not rejected', async () => {
      const payoutId = randomUUID();
      await transfer(payoutId);
      const { transfers } = paystack.state;
      const find = jest.spyOn(transfers, 'find').mockReturnValueOnce(undefined);
      expect(await failure(transfer(payoutId))).toBeInstanceOf(ProviderUnavailable);
      expect(find).toHaveBeenCalledTimes(1);
      jest.restoreAllMocks();
    });

    test('lists all transfers, in minor units', async () => {
      const payoutId = randomUUID();
      await transfer(payoutId, { currency: 'XOF', amountMinor: 5_000 });
      expect(paystack.state.transfers.at(-1)).toMatchObject({ amount: 500_000 });
      const all = await Array.fromAsync(provider.transfers.all());
      expect(all).toHaveLength(paystack.state.transfers.length);
      expect(all.find((each) => each.payoutId === payoutId)).toMatchObject({ amountMinor: 5_000 });
    });

    test('lists what was created since an instant', async () => {
      await transfer(randomUUID());
      const counts = async (createdSince: Date) => {
        const lists = [provider.all({ createdSince }), provider.transfers.all({ createdSince })];
        return Promise.all(lists.map(async (list) => (await Array.fromAsync<unknown>(list)).length));
      };
      const { transactions, transfers } = paystack.state;
      expect(await counts(new Date('2029-12-31T00:00:00Z'))).toEqual([transactions.length, transfers.length]);
      expect(await counts(new Date('2030-01-02T00:00:00Z'))).toEqual([0, 0]);
    });
  });

  describe('disputes', () => {
    test.each([
      ['awaiting-merchant-feedback', null, 'needs_response'],
      ['awaiting-bank-feedback', null, 'under_review'],
      ['pending', null, 'under_review'],
      ['resolved', 'merchant-accepted', 'lost'],
      ['resolved', 'auto-accepted', 'lost'],
      ['resolved', 'declined', 'won'],
      ['resolved', 'a resolution of tomorrow', 'under_review'],
    ])('%s with the resolution %s is %s', async (atPaystack, resolution, status) => {
      const { ref } = await paid();
      const id = paystack.openDispute(ref, 4_000);
      Object.assign(paystack.state.disputes.at(-1)!, { status: atPaystack, resolution });
      const dispute = {
        ref: String(id),
        paymentRef: ref,
        status,
        amountMinor: 4_000,
        currency: 'NGN',
        reason: 'chargeback',
        evidenceDueAt: new Date('2030-02-01T18:00:00.000Z'),
        createdAt: new Date('2030-01-01T00:00:00.000Z'),
      };
      expect(await provider.disputes.find(String(id))).toEqual(dispute);
      expect(await Array.fromAsync(provider.disputes.all())).toContainEqual(dispute);
    });
  });
});
