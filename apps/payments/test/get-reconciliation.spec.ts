import { jest } from '@jest/globals';
import { testUser, eventually, expectProblem, inLanes, type TestUser } from '@roost/testing';
import { Providers } from '../src/provider/providers.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

/** 1,000 in the acceptance run. The number changes the duration, not the checks. */
const PAYMENTS = Number(process.env.ROOST_STORM_PAYMENTS ?? 80);

describe('GET /v1/admin/reconciliation', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test(`reports no difference for ${PAYMENTS} payments of every kind with lost, repeated and reordered webhooks`, async () => {
    await payments.switches({ drop: 0.1, copies: 5, shuffleMs: 800 });
    const ends: { guest: TestUser; id: string; status: string }[] = [];
    await inLanes(Array(PAYMENTS).keys(), 12, async (n) => {
      const guest = testUser();
      const kind = (['plain', 'bank', 'request', 'unauthenticated', 'declined'] as const)[n % 5]!;
      const { payment, booking } = await payments.givenPayment({
        guest,
        bookingMode: kind === 'request' || kind === 'declined' ? 'request' : 'instant',
      });
      const { id } = payment;
      const card =
        kind === 'bank' || kind === 'unauthenticated' ? 'pm_card_authenticationRequired' : 'pm_card_visa';
      const { body } = await payments.confirm(guest, id, card);
      let status = 'captured';
      switch (kind) {
        case 'plain':
          break;
        case 'bank':
          await submitBankForm(body.redirectUrl, 'approve');
          break;
        case 'unauthenticated':
          await submitBankForm(body.redirectUrl, 'refuse');
          status = 'requires_payment_method';
          break;
        case 'request':
          await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
          break;
        case 'declined':
          await payments.service.deliver('booking.declined', { ...booking, state: 'declined' });
          status = 'voided';
          break;
      }
      ends.push({ guest, id, status });
    });
    for (const { guest, id, status } of ends) await payments.becomes(guest, id, status);
    await payments.agreed();
    const report = await payments.reconcile();
    expect(report).toMatchObject({ payments: PAYMENTS, providerPayments: PAYMENTS });
    const captured = await payments.service.published('payment.captured');
    expect(captured).toHaveLength(ends.filter((end) => end.status === 'captured').length);
    expect(new Set(captured.map((body) => body.paymentId)).size).toBe(captured.length);
    await payments.switches({});
  }, 300_000);

  test('reports a charge at the provider that belongs to no payment', async () => {
    const { id } = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
      amountMinor: 77,
      currency: 'EUR',
    });
    await payments.sandbox.request('POST', `/v1/payment-intents/${id}/confirm`, {
      paymentMethod: 'pm_card_visa',
    });
    const { differences } = await payments.reconcile();
    expect(differences).toEqual([
      expect.objectContaining({ kind: 'provider.unknown_payment', providerRef: id, foundMinor: 77 }),
    ]);
  });

  test('reports a payment that is missing at the provider and a payment with another amount', async () => {
    const [missing, changed] = [
      await payments.givenCaptured(testUser()),
      await payments.givenCaptured(testUser()),
    ];
    await payments.service.query(`UPDATE payment SET provider_ref = 'pi_unknown' WHERE id = $1`, [
      missing.payment.id,
    ]);
    const intent = await payments.sandbox.intentOf(changed.payment.id);
    await payments.sandbox.request('POST', '/v1/refunds', { intentId: intent.id, amountMinor: 5 });
    await eventually(async () => {
      const { differences } = await payments.reconcile();
      expect(differences.map((each) => [each.kind, each.paymentId])).toEqual(
        expect.arrayContaining([
          ['provider.missing_payment', missing.payment.id],
          ['provider.amount_differs', changed.payment.id],
        ]),
      );
    });
  });

  test('reports a confirmed booking without a captured payment', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
    const { differences } = await payments.reconcile();
    expect(differences).toContainEqual(
      expect.objectContaining({ kind: 'booking.confirmed_unpaid', paymentId: payment.id }),
    );
  });

  test('does not report a payment that was captured after the list of the provider was read', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    const provider = payments.service.get(Providers).of('sandbox');
    const listed = provider.all.bind(provider);
    jest.spyOn(provider, 'all').mockImplementation(async function* () {
      for await (const intent of listed()) if (intent.paymentId !== payment.id) yield intent;
    });
    const { differences } = await payments.reconcile();
    expect(differences.filter(({ paymentId }) => paymentId === payment.id)).toEqual([]);
    jest.restoreAllMocks();
  });

  test('does not report a change that is recorded while the payment is compared', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await payments.webhooksHandled();
    const change = (amount: number) =>
      payments.service.query(
        'UPDATE payment SET captured_minor = captured_minor + $2, version = version + 1 WHERE id = $1',
        [payment.id, amount],
      );
    await change(-1);
    const provider = payments.service.get(Providers).of('sandbox');
    const find = provider.find.bind(provider);
    jest.spyOn(provider, 'find').mockImplementation(async (ref) => {
      const intent = await find(ref);
      if (intent.paymentId === payment.id) await change(1);
      return intent;
    });
    const { differences } = await payments.reconcile();
    jest.restoreAllMocks();
    const own = differences.filter(({ paymentId }) => paymentId === payment.id).map(({ kind }) => kind);
    expect(own).not.toContain('provider.amount_differs');
  });

  test('401 without a token, 403 without the admin role', async () => {
    const path = '/v1/admin/reconciliation';
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await payments.service.as(testUser({ roles: ['host'] })).get(path), 403, 'auth.forbidden');
  });
});
