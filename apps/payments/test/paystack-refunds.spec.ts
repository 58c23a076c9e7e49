import { eventually, testUser } from '@roost/testing';
import { cancelled } from './booking-endings.fixture.js';
import type { FakeRefund } from './fake-paystack/paystack-state.js';
import { type PaystackPayments, startPaystackPayments } from './paystack.fixture.js';

describe('refunds at Paystack', () => {
  let payments: PaystackPayments;
  let webhookUrl: string | null;
  beforeAll(async () => {
    payments = await startPaystackPayments();
    webhookUrl = payments.paystack.webhookUrl;
  });
  afterEach(() => {
    payments.paystack.webhookUrl = webhookUrl;
  });
  afterAll(() => payments.close());

  const refund = async (paymentId: string, amountMinor: number): Promise<string> => {
    const path = `/v1/admin/payments/${paymentId}/refunds`;
    const body = { amountMinor, reason: 'Broken heating' };
    const response = await payments.service.as(payments.admin).post<{ id: string }>(path, body);
    expect(response.status).toBe(201);
    return response.body.id;
  };
  const accepted = (paymentId: string, count = 1): Promise<FakeRefund[]> =>
    eventually(
      async () => {
        const found = payments.refundsOf(paymentId);
        expect(found).toHaveLength(count);
        const [row] = await payments.service.query<{ count: number }>(
          'SELECT count(provider_ref)::int AS count FROM refund WHERE payment_id = $1',
          [paymentId],
        );
        expect(row?.count).toBe(count);
        return found;
      },
      { seconds: 20 },
    );
  const statusOf = async (refundId: string) =>
    (
      await payments.service.query<{ status: string; failure_code: string | null }>(
        'SELECT status, failure_code FROM refund WHERE id = $1',
        [refundId],
      )
    )[0];
  /** The check of this payment at Paystack is due. */
  const makeDue = (paymentId: string) =>
    payments.service.query(`UPDATE payment SET check_at = '2020-01-01' WHERE id = $1`, [paymentId]);

  /** Ends the pause before the retry of a refund. Two tests of lost and failed responses wait for the whole pause. */
  const makeRetryDue = async (paymentId: string) => {
    await eventually(async () => {
      const postponed = await payments.service.query(
        `UPDATE payment_operation SET due_at = clock_timestamp(), not_before = clock_timestamp()
         WHERE payment_id = $1 AND kind = 'refund' AND status = 'pending' AND not_before > clock_timestamp()
         RETURNING id`,
        [paymentId],
      );
      expect(postponed).toHaveLength(1);
    });
    // Runs the sweeps now.
    await payments.service.clock.reset();
  };

  test('an accepted refund is neither paid nor failed, until the webhook reports that it was paid', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest);
    const id = await refund(payment.id, 5_000);
    const [found] = await accepted(payment.id);
    expect(found).toMatchObject({ amount: 5_000, merchantNote: `refund ${id}` });
    expect(await statusOf(id)).toEqual({ status: 'pending', failure_code: null });
    expect(await payments.paymentOf(guest, payment.id)).toMatchObject({
      status: 'captured',
      refundedMinor: 0,
    });
    expect(await payments.balances(booking.bookingId)).toMatchObject({ refunds: -5_000 });
    await payments.paystack.finishRefund(found!, 'processing');
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    await payments.paystack.finishRefund(found!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect((await payments.balances(booking.bookingId)).refunds).toBeUndefined();
    const events = await payments.service.published('payment.refunded');
    expect(events.filter((body) => body.paymentId === payment.id)).toMatchObject([
      { refundId: id, refundAmountMinor: 5_000 },
    ]);
  });

  test('the sweeper finishes a refund whose webhook is lost', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    await refund(payment.id, 27_280);
    const [found] = await accepted(payment.id);
    payments.paystack.webhookUrl = null;
    await payments.paystack.finishRefund(found!, 'processed');
    await makeDue(payment.id);
    await payments.becomes(guest, payment.id, 'refunded');
  });

  test('two equal partial refunds are two refunds, and each is finished by itself', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    const ids = [await refund(payment.id, 1_000), await refund(payment.id, 1_000)];
    const [first, second] = await accepted(payment.id, 2);
    expect(new Set([first?.merchantNote, second?.merchantNote])).toEqual(
      new Set(ids.map((id) => `refund ${id}`)),
    );
    await payments.paystack.finishRefund(first!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect((await payments.paymentOf(guest, payment.id)).refundedMinor).toBe(1_000);
    await payments.paystack.finishRefund(second!, 'processed');
    // The second webhook has the same content as the first one: the check finds the refund.
    await makeDue(payment.id);
    await eventually(
      async () => expect((await payments.paymentOf(guest, payment.id)).refundedMinor).toBe(2_000),
      { seconds: 20 },
    );
  });

  test('an operator cannot repeat a refund while it may still run at Paystack', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    payments.paystack.fail({ route: 'POST /refund', kind: 'fail' });
    await refund(payment.id, 2_000);
    const operation = await eventually(async () => {
      const [row] = await payments.service.query<{ id: string }>(
        `SELECT id FROM payment_operation WHERE payment_id = $1 AND kind = 'refund' AND not_before IS NOT NULL`,
        [payment.id],
      );
      return row ?? Promise.reject(new Error('the refund was not tried'));
    });
    const path = `/v1/admin/payment-operations/${operation.id}/retry`;
    const response = await payments.service.as(payments.admin).post(path, { reason: 'The guest waits' });
    expect(response).toMatchObject({ status: 200, body: { status: 'pending', tries: 1 } });
    expect(await accepted(payment.id)).toHaveLength(1);
  });

  test.each(['lost', 'fail', 'garbage', 'limited'] as const)(
    '%s response: the refund is paid once',
    async (kind) => {
      const guest = testUser();
      const { payment } = await payments.givenPaid(guest);
      payments.paystack.fail({ route: 'POST /refund', kind });
      await refund(payment.id, 3_000);
      await makeRetryDue(payment.id);
      const [found] = await accepted(payment.id);
      await payments.paystack.finishRefund(found!, 'processed');
      await payments.becomes(guest, payment.id, 'partially_refunded');
      expect(payments.refundsOf(payment.id)).toHaveLength(1);
    },
  );

  test('a refund that was paid before its lost response is repeated is found', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    payments.paystack.fail({ route: 'POST /refund', kind: 'lost' }, { route: 'GET /refund', kind: 'fail' });
    await refund(payment.id, 3_000);
    const found = await eventually(async () => {
      const [first] = payments.refundsOf(payment.id);
      expect(first).toBeDefined();
      return first!;
    });
    await payments.paystack.finishRefund(found, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(payments.refundsOf(payment.id)).toHaveLength(1);
  });

  test('a refund that fails later is reversed and reported', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest);
    const id = await refund(payment.id, 5_000);
    const [found] = await accepted(payment.id);
    await payments.paystack.finishRefund(found!, 'failed');
    await eventually(async () =>
      expect(await statusOf(id)).toEqual({ status: 'failed', failure_code: 'refund_failed' }),
    );
    expect((await payments.balances(booking.bookingId)).refunds).toBeUndefined();
    const { differences } = await payments.reconcile();
    expect(differences).toMatchObject([{ kind: 'refund.refused', paymentId: payment.id }]);
    // The guest gets the money by a second refund.
    await refund(payment.id, 27_280);
    const [, second] = await accepted(payment.id, 2);
    await payments.paystack.finishRefund(second!, 'processed');
    await payments.becomes(guest, payment.id, 'refunded');
  });

  test('a processed refund that fails later is owed again', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest);
    const id = await refund(payment.id, 5_000);
    const [found] = await accepted(payment.id);
    await payments.paystack.finishRefund(found!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await payments.paystack.finishRefund(found!, 'failed');
    await payments.becomes(guest, payment.id, 'captured');
    expect(await statusOf(id)).toEqual({ status: 'failed', failure_code: 'refund_returned' });
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 27_280 });
    const path = `/v1/admin/payments/${payment.id}/refunds/${id}/retry`;
    expect((await payments.service.as(payments.admin).post(path, { reason: 'New account' })).status).toBe(
      201,
    );
    const [, second] = await accepted(payment.id, 2);
    await payments.paystack.finishRefund(second!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
  });

  test('a refund that needs attention stays pending, and is reported after seven days', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    const id = await refund(payment.id, 5_000);
    const [found] = await accepted(payment.id);
    await payments.paystack.finishRefund(found!, 'needs-attention');
    expect(await statusOf(id)).toMatchObject({ status: 'pending' });
    const overdue = async () =>
      (await payments.reconcile()).differences.filter(({ kind }) => kind === 'refund.unpaid');
    expect(await overdue()).toEqual([]);
    await payments.service.query(
      `UPDATE refund SET created_at = created_at - interval '8 days' WHERE id = $1`,
      [id],
    );
    expect(await overdue()).toMatchObject([{ paymentId: payment.id }]);
    await payments.paystack.finishRefund(found!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await overdue()).toEqual([]);
  });

  test('a refund waits until the balance at Paystack suffices', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    const { balance } = payments.paystack.state;
    payments.paystack.state.balance = 100;
    const id = await refund(payment.id, 5_000);
    // Postponed: a try counts before its call.
    const unclear = () =>
      payments.service.query(
        'SELECT FROM payment_operation WHERE refund_id = $1 AND not_before IS NOT NULL',
        [id],
      );
    await eventually(async () => expect(await unclear()).toHaveLength(1));
    expect(await statusOf(id)).toEqual({ status: 'pending', failure_code: null });
    payments.paystack.state.balance = balance;
    const [found] = await accepted(payment.id);
    await payments.paystack.finishRefund(found!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
  });

  test('a refund that Paystack rejects is reversed with a code of ours', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest, { currency: 'USD' });
    const id = await refund(payment.id, 99);
    await eventually(async () =>
      expect(await statusOf(id)).toEqual({ status: 'failed', failure_code: 'amount_rejected' }),
    );
  });

  test('a cancellation refunds the part of the terms', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest);
    const confirmed = { ...booking, state: 'confirmed' as const, holdExpiresAt: null };
    await payments.service.deliver('booking.confirmed', { ...confirmed, late: false });
    const terms = { hostPayoutMinor: 10_670, platformFeeMinor: 1_870, taxMinor: 1_100 };
    await payments.service.deliver(...cancelled(confirmed, 13_640, terms));
    const [found] = await accepted(payment.id);
    expect(found).toMatchObject({ amount: 13_640 });
    await payments.paystack.finishRefund(found!, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 13_640,
      host_payable: -10_670,
      platform_revenue: -1_870,
      tax_payable: -1_100,
    });
  });

  test('all books agree at the end, except for the refunds that were rejected', async () => {
    await eventually(
      async () => {
        const { balanced, differences } = await payments.reconcile();
        expect(balanced).toBe(true);
        expect(differences.map(({ kind }) => kind)).toEqual(['refund.refused', 'refund.refused']);
      },
      { seconds: 20 },
    );
  });
});
