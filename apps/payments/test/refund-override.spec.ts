import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

interface RefundBody extends Record<string, unknown> {
  id: string;
  status: string;
}

describe('the refund override of operators', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const refund = (paymentId: string, amountMinor: number, bearer?: string) =>
    payments.service.as(payments.admin).post<RefundBody>(`/v1/admin/payments/${paymentId}/refunds`, {
      amountMinor,
      reason: 'Heating',
      bearer,
    });
  const retry = (paymentId: string, refundId: string) =>
    payments.service
      .as(payments.admin)
      .post<RefundBody>(`/v1/admin/payments/${paymentId}/refunds/${refundId}/retry`, { reason: 'Again' });
  const settle = (paymentId: string, refundId: string, amountMinor = 1_000) =>
    payments.service
      .as(payments.admin)
      .post<RefundBody>(`/v1/admin/payments/${paymentId}/refunds/${refundId}/settle`, {
        amountMinor,
        reason: 'Bank transfer',
      });

  test('the platform can bear the whole refund, and the host keeps the payout', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    expect((await refund(payment.id, 27_280, 'platform')).status).toBe(201);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      host_payable: -21_340,
      platform_revenue: 23_540,
      tax_payable: -2_200,
    });
    await payments.agreed();
  });

  test('a later refund in proportion takes nothing more from a platform that gave more than its share', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    expect((await refund(payment.id, 10_000, 'platform')).status).toBe(201);
    expect((await refund(payment.id, 17_280)).status).toBe(201);
    await payments.becomes(guest, payment.id, 'refunded');
    const balances = await payments.balances(booking.bookingId);
    expect(balances).toMatchObject({ platform_revenue: 6_260 });
    expect((balances.host_payable ?? 0) + (balances.tax_payable ?? 0)).toBe(-6_260);
    await payments.agreed();
  });

  test('the host bears at most the share of the payment', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const tooLarge = await refund(payment.id, 21_341, 'host');
    expectProblem(tooLarge, 409, 'payment.refund_too_large');
    expect(tooLarge.body).toMatchObject({ refundableMinor: 21_340 });
    expect((await refund(payment.id, 21_340, 'host')).status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 5_940,
      platform_revenue: -3_740,
      tax_payable: -2_200,
    });
    await payments.agreed();
  });

  test('400 for an unknown bearer', async () => {
    expectProblem(await refund(randomUUID(), 1, 'guest'), 400, 'request.invalid', '/bearer');
  });

  describe('a failed refund', () => {
    /** The provider rejects the refund: the payment has the reference of a payment that is not captured. */
    async function failed(bearer = 'host') {
      await payments.switches({ drop: 1 });
      const guest = testUser();
      const { payment, booking } = await payments.givenCaptured(guest);
      const [row] = await payments.service.query<{ ref: string }>(
        'SELECT provider_ref AS ref FROM payment WHERE id = $1',
        [payment.id],
      );
      const other = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
        amountMinor: 1,
        currency: 'USD',
      });
      const point = (ref: string | undefined) =>
        payments.service.query('UPDATE payment SET provider_ref = $2 WHERE id = $1', [payment.id, ref]);
      await point(other.id);
      const { body } = await refund(payment.id, 1_000, bearer);
      await eventually(async () =>
        expect(await payments.service.query('SELECT status FROM refund WHERE id = $1', [body.id])).toEqual([
          { status: 'failed' },
        ]),
      );
      await point(row?.ref);
      await payments.switches({});
      return { guest, payment, booking, refundId: body.id };
    }

    test('is retried with the same split, once, and is no longer a difference', async () => {
      const { guest, payment, booking, refundId } = await failed();
      const kinds = async () =>
        (await payments.reconcile()).differences.filter((each) => each.paymentId === payment.id);
      expect(await kinds()).toMatchObject([{ kind: 'refund.refused' }]);
      const retried = await retry(payment.id, refundId);
      expect(retried).toMatchObject({ status: 201, body: { amountMinor: 1_000, status: 'pending' } });
      await payments.becomes(guest, payment.id, 'partially_refunded');
      expect(await payments.balances(booking.bookingId)).toEqual({
        provider_clearing: 26_280,
        host_payable: -20_340,
        platform_revenue: -3_740,
        tax_payable: -2_200,
      });
      expect(await kinds()).toEqual([]);
      expectProblem(await retry(payment.id, refundId), 409, 'payment.refund_not_failed');
      expectProblem(await retry(payment.id, retried.body.id), 409, 'payment.refund_not_failed');
      const log = await payments.service
        .as(payments.admin)
        .get(`/v1/admin/payments/audit-log?paymentId=${payment.id}`);
      expect(log.body).toMatchObject({
        data: [
          { action: 'refund.retry', subjectId: refundId, details: { refundId: retried.body.id } },
          { action: 'payment.refund', details: { bearer: 'host' } },
        ],
      });
    });

    test('is retried once by concurrent requests', async () => {
      const { guest, payment, refundId } = await failed('platform');
      const responses = await Promise.all(Array.from({ length: 8 }, () => retry(payment.id, refundId)));
      expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
      for (const response of responses.filter(({ status }) => status !== 201)) {
        expectProblem(response, 409, 'payment.refund_not_failed');
      }
      await payments.becomes(guest, payment.id, 'partially_refunded');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(intent.refundedMinor).toBe(1_000);
    });

    test('is settled without the provider: payment, ledger, papers, lists and event', async () => {
      const { guest, payment, booking, refundId } = await failed();
      const differs = await settle(payment.id, refundId, 999);
      expectProblem(differs, 409, 'payment.refund_amount_differs');
      expect(differs.body).toMatchObject({ dueMinor: 1_000 });
      const settled = await settle(payment.id, refundId);
      expect(settled).toMatchObject({ status: 201, body: { amountMinor: 1_000, status: 'succeeded' } });
      const { body } = await payments.service
        .as(payments.admin)
        .get<object>(`/v1/admin/payments/${payment.id}`);
      expect(body).toMatchObject({
        status: 'partially_refunded',
        refundedMinor: 1_000,
        refundedOutOfBandMinor: 1_000,
        refunds: [
          { id: settled.body.id, status: 'succeeded', paidOutOfBand: true, providerRef: null },
          { id: refundId, status: 'failed', paidOutOfBand: false },
        ],
      });
      expect(await payments.balances(booking.bookingId)).toEqual({
        provider_clearing: 27_280,
        platform_bank: -1_000,
        host_payable: -20_340,
        platform_revenue: -3_740,
        tax_payable: -2_200,
      });
      const transactions = await payments.service
        .as(guest)
        .get<{ data: object[] }>('/v1/me/transactions?role=guest');
      expect(transactions.body.data).toMatchObject([
        { kind: 'refund', amountMinor: 1_000, sourceId: settled.body.id },
        { kind: 'charge', amountMinor: -27_280 },
      ]);
      const receipt = await payments.service
        .as(guest)
        .get<object>(`/v1/payments/${payment.id}/receipt`, { accept: 'application/json' });
      expect(receipt.body).toMatchObject({ creditNotes: [{ refundId: settled.body.id }] });
      const published = await payments.service.published('payment.refunded');
      expect(published.filter(({ paymentId }) => paymentId === payment.id)).toMatchObject([
        { refundId: settled.body.id, refundAmountMinor: 1_000, repeated: false, paidOutOfBand: true },
      ]);
      expect((await payments.sandbox.intentOf(payment.id)).refundedMinor).toBe(0);
      await payments.agreed();
      expectProblem(await settle(payment.id, refundId), 409, 'payment.refund_not_failed');
      expectProblem(await retry(payment.id, refundId), 409, 'payment.refund_not_failed');
      const tooLarge = await refund(payment.id, 26_281);
      expectProblem(tooLarge, 409, 'payment.refund_too_large');
      const log = await payments.service
        .as(payments.admin)
        .get(`/v1/admin/payments/audit-log?paymentId=${payment.id}`);
      expect(log.body).toMatchObject({
        data: [
          { action: 'refund.settle', subjectId: refundId, details: { refundId: settled.body.id } },
          { action: 'payment.refund' },
        ],
      });
    });

    test('is settled or retried once by concurrent requests', async () => {
      const { guest, payment, refundId } = await failed('platform');
      const requests = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? settle : retry));
      const responses = await Promise.all(requests.map((request) => request(payment.id, refundId)));
      expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
      for (const response of responses.filter(({ status }) => status !== 201)) {
        expectProblem(response, 409, 'payment.refund_not_failed');
      }
      await payments.becomes(guest, payment.id, 'partially_refunded');
      await payments.agreed();
    });

    test('is not settled if a dispute may have prevented it', async () => {
      const { payment, refundId } = await failed();
      for (const code of ['refund_too_large', 'dispute_unknown']) {
        await payments.service.query('UPDATE refund SET failure_code = $2 WHERE id = $1', [refundId, code]);
        expectProblem(await settle(payment.id, refundId), 409, 'payment.refund_prevented');
      }
      expect((await retry(payment.id, refundId)).status).toBe(201);
    });

    test('404 for a refund of another payment', async () => {
      const { payment } = await payments.givenCaptured(testUser());
      for (const request of [retry, settle]) {
        expectProblem(await request(payment.id, randomUUID()), 404, 'payment.refund_not_found');
        expectProblem(await request(randomUUID(), randomUUID()), 404, 'payment.not_found');
      }
    });
  });
});
