import { randomUUID } from 'node:crypto';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

interface RefundBody extends Record<string, unknown> {
  id: string;
  amountMinor: number;
  status: string;
}

describe('POST /v1/admin/payments/{id}/refunds', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const refund = (paymentId: string, amountMinor: unknown, headers: Record<string, string> = {}) =>
    payments.service
      .as(payments.admin)
      .post<RefundBody>(
        `/v1/admin/payments/${paymentId}/refunds`,
        { amountMinor, reason: 'Broken heating' },
        headers,
      );
  const refundedOf = async (guest: ReturnType<typeof testUser>, paymentId: string) =>
    (await payments.service.as(guest).get<PaymentBody>(`/v1/payments/${paymentId}`)).body.refundedMinor;

  test('201: refunds a part of the payment, split among the parties', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const response = await refund(payment.id, 2_728);
    expect(response).toMatchObject({
      status: 201,
      body: { amountMinor: 2_728, currency: 'USD', status: 'pending' },
    });
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 24_552,
      host_payable: -19_206,
      platform_revenue: -3_366,
      tax_payable: -1_980,
    });
    const [refunded] = (await payments.service.published('payment.refunded')).filter(
      (body) => body.paymentId === payment.id,
    );
    // The operator's own words are not published.
    expect(refunded).toMatchObject({ refundId: response.body.id, refundAmountMinor: 2_728, reason: 'admin' });
    expect(JSON.stringify(refunded)).not.toContain('heating');
  });

  test('fifty concurrent refunds never exceed the capture', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const responses = await Promise.all(Array.from({ length: 50 }, () => refund(payment.id, 1_000)));
    expect(responses.filter((response) => response.status === 201)).toHaveLength(27);
    for (const response of responses.filter((each) => each.status !== 201)) {
      expectProblem(response, 409, 'payment.refund_too_large');
    }
    await eventually(async () => expect(await refundedOf(guest, payment.id)).toBe(27_000), { seconds: 20 });
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(intent).toMatchObject({ capturedMinor: 27_280, refundedMinor: 27_000 });
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 280 });
    const tooLarge = await refund(payment.id, 281);
    expectProblem(tooLarge, 409, 'payment.refund_too_large');
    expect(tooLarge.body).toMatchObject({ refundableMinor: 280 });
    expect((await refund(payment.id, 280)).status).toBe(201);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('refunds once for one idempotency key, and rejects another body', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    const key = { 'idempotency-key': randomUUID() };
    const first = await refund(payment.id, 500, key);
    const second = await refund(payment.id, 500, key);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expectProblem(await refund(payment.id, 501, key), 422, 'idempotency.key_reused');
    await eventually(async () => expect(await refundedOf(guest, payment.id)).toBe(500));
  });

  test('reverses a refund that the provider rejects, and reports it in the reconciliation', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    // A refund at the provider, outside this system.
    const intent = await payments.sandbox.intentOf(payment.id);
    await payments.sandbox.request('POST', '/v1/refunds', { intentId: intent.id, amountMinor: 27_000 });
    expect((await refund(payment.id, 1_000)).status).toBe(201);
    await eventually(async () => {
      const { differences } = await payments.reconcile();
      const kinds = differences.filter((each) => each.paymentId === payment.id).map((each) => each.kind);
      expect(kinds.sort()).toEqual(['provider.amount_differs', 'refund.refused']);
    });
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 27_280 });
    expect(await payments.balances(booking.bookingId)).not.toHaveProperty('refunds');
  });

  test('409 for a payment that is not captured', async () => {
    const guest = testUser();
    const { payment } = await payments.givenAuthorized(guest);
    expectProblem(await refund(payment.id, 1), 409, 'payment.wrong_state');
  });

  test('404 for an unknown payment', async () => {
    expectProblem(await refund(randomUUID(), 1), 404, 'payment.not_found');
  });

  test('401 without a token, 403 for guests and hosts, also for their own payment', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    const body = { amountMinor: 1, reason: 'mine' };
    expectProblem(await payments.service.anonymous.post(path, body), 401, 'auth.missing_token');
    for (const user of [guest, testUser({ id: booking.hostId, roles: ['host'] })]) {
      expectProblem(await payments.service.as(user).post(path, body), 403, 'auth.forbidden');
    }
  });

  test.each<[string, unknown, string]>([
    ['zero', 0, '/amountMinor'],
    ['a negative amount', -1, '/amountMinor'],
    ['a fraction', 1.5, '/amountMinor'],
    ['text', '100', '/amountMinor'],
    ['an amount above the maximum', 1e15, '/amountMinor'],
    ['null', null, '/amountMinor'],
  ])('400 for %s', async (_name, amountMinor, pointer) => {
    expectProblem(await refund(randomUUID(), amountMinor), 400, 'request.invalid', pointer);
  });

  test.each<[string, object, string]>([
    ['a missing reason', { amountMinor: 1 }, '/reason'],
    ['an empty reason', { amountMinor: 1, reason: '  ' }, '/reason'],
    ['an invisible reason', { amountMinor: 1, reason: '\u200b\u2060\u3164' }, '/reason'],
    ['10,000 characters of reason', { amountMinor: 1, reason: 'x'.repeat(10_000) }, '/reason'],
    ['a NUL byte', { amountMinor: 1, reason: 'a\0b' }, '/reason'],
    ['an unknown field', { amountMinor: 1, reason: 'x', currency: 'EUR' }, '/currency'],
  ])('400 for %s', async (_name, body, pointer) => {
    const path = `/v1/admin/payments/${randomUUID()}/refunds`;
    expectProblem(
      await payments.service.as(payments.admin).post(path, body),
      400,
      'request.invalid',
      pointer,
    );
  });
});
