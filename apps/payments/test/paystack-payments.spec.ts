import { MikroORM } from '@mikro-orm/postgresql';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { Payment } from '../src/payment/payment.entity.js';
import { PaymentService } from '../src/payment/payment.service.js';
import { expired } from './booking-endings.fixture.js';
import { aBooking } from './payments.fixture.js';
import { type PaystackPayments, startPaystackPayments } from './paystack.fixture.js';

describe('a payment at Paystack', () => {
  let payments: PaystackPayments;
  beforeAll(async () => {
    payments = await startPaystackPayments();
  });
  afterAll(() => payments.close());

  test('waits for the guest on the page of Paystack, without a real address of the guest', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenOpen(guest);
    expect(payment).toMatchObject({ status: 'requires_action', provider: 'paystack', clientSecret: null });
    const [transaction] = payments.transactionsOf(payment.id);
    expect(payment.redirectUrl).toBe(`${payments.paystack.url}/checkout/${transaction?.accessCode}`);
    expect(transaction).toMatchObject({
      reference: `roost-${payment.id}-1`,
      amount: 27_280,
      currency: 'NGN',
      email: `guest-${guest.id}@no-mail.example.com`,
      callbackUrl: `https://example.com/bookings/${booking.bookingId}`,
      metadata: { paymentId: payment.id, bookingId: booking.bookingId },
    });
  });

  test('is captured when the guest has paid, and posted to the ledger', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest);
    expect(await payments.paymentOf(guest, payment.id)).toMatchObject({
      capturedMinor: 27_280,
      redirectUrl: null,
    });
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 27_280,
      host_payable: -21_340,
      platform_revenue: -3_740,
      tax_payable: -2_200,
    });
  });

  test('is captured without a webhook, and only once with three copies of it', async () => {
    const guest = testUser();
    const { payment } = await payments.givenOpen(guest);
    const url = payments.paystack.webhookUrl;
    payments.paystack.webhookUrl = null;
    await payments.paystack.pay(payment.redirectUrl);
    payments.paystack.webhookUrl = url;
    await payments.becomes(guest, payment.id, 'captured');
    for (let copy = 0; copy < 3; copy += 1) await payments.paystack.sendCharge(`roost-${payment.id}-1`);
    const stored = () =>
      payments.service.query<{ outcome: string | null }>(
        'SELECT outcome FROM webhook_event WHERE payment_id = $1',
        [payment.id],
      );
    await eventually(async () => expect(await stored()).toEqual([{ outcome: 'applied' }]));
    const captured = await payments.service.published('payment.captured');
    expect(captured.filter((body) => body.paymentId === payment.id)).toHaveLength(1);
  });

  test('charges a request at once, and refunds it in full after a decline', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest, { bookingMode: 'request' });
    await payments.service.deliver('booking.declined', { ...booking, state: 'declined' });
    const refund = await eventually(async () => {
      const [found, ...others] = payments.refundsOf(payment.id);
      expect(found).toMatchObject({ amount: 27_280, status: 'pending' });
      expect(others).toEqual([]);
      return found!;
    });
    await payments.paystack.finishRefund(refund, 'processed');
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('keeps the charge of a request when the host accepts', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPaid(guest, { bookingMode: 'request' });
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
  });

  test('is voided at the expiry of the hold, and no longer shows the page', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenOpen(guest);
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'voided');
    expect((await payments.paymentOf(guest, payment.id)).redirectUrl).toBeNull();
  });

  test('a failed try on the page is not the end: the guest pays with another card', async () => {
    const guest = testUser();
    const { payment } = await payments.givenOpen(guest);
    const [transaction] = payments.transactionsOf(payment.id);
    transaction!.status = 'failed';
    await payments.service
      .get(PaymentService)
      .refresh(await payments.service.get(MikroORM).em.fork().findOneOrFail(Payment, payment.id));
    expect(await payments.paymentOf(guest, payment.id)).toMatchObject({
      status: 'requires_action',
      redirectUrl: payment.redirectUrl,
    });
    transaction!.status = 'abandoned';
    await payments.paystack.pay(payment.redirectUrl);
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('XOF has no decimals here, and hundredths at Paystack', async () => {
    const guest = testUser();
    const amounts = { totalMinor: 27_280, hostPayoutMinor: 21_340, platformFeeMinor: 3_740, taxMinor: 2_200 };
    const { payment } = await payments.givenPaid(guest, { currency: 'XOF', ...amounts });
    expect(payments.transactionsOf(payment.id)).toMatchObject([{ amount: 2_728_000, currency: 'XOF' }]);
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    await payments.service.as(payments.admin).post(path, { amountMinor: 281, reason: 'XOF' });
    const refund = await eventually(async () => {
      const [found] = payments.refundsOf(payment.id);
      expect(found).toMatchObject({ amount: 28_100 });
      return found!;
    });
    await payments.paystack.finishRefund(refund, 'processed');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect((await payments.paymentOf(guest, payment.id)).refundedMinor).toBe(281);
  });

  describe('a lost response to the initialization', () => {
    test.each(['lost', 'garbage', 'fail', 'limited'] as const)(
      '%s: the guest gets a page, and one transaction can be paid',
      async (kind) => {
        const guest = testUser();
        payments.paystack.fail({ route: 'POST /transaction/initialize', kind });
        const { payment } = await payments.givenOpen(guest);
        const transactions = payments.transactionsOf(payment.id);
        expect(transactions).toHaveLength(kind === 'lost' ? 2 : 1);
        expect(payment.redirectUrl).toBe(
          `${payments.paystack.url}/checkout/${transactions.at(-1)?.accessCode}`,
        );
        await payments.paystack.pay(payment.redirectUrl);
        await payments.becomes(guest, payment.id, 'captured');
        expect(transactions.filter(({ status }) => status === 'success')).toHaveLength(1);
      },
    );

    test('a paid transaction is found instead of another charge', async () => {
      const guest = testUser();
      const booking = aBooking({ guest, currency: 'NGN' });
      payments.paystack.fail(
        { route: 'POST /transaction/initialize', kind: 'lost' },
        { route: 'GET /transaction/verify', kind: 'fail', times: 2 },
      );
      await payments.service.deliver('booking.created', booking);
      const lost = await eventually(async () => {
        const found = payments.paystack.state.transactions.at(-1);
        expect(found?.metadata).toMatchObject({ bookingId: booking.bookingId });
        return found!;
      });
      await payments.paystack.pay(`${payments.paystack.url}/checkout/${lost.accessCode}`);
      await eventually(
        async () => {
          const path = `/v1/bookings/${booking.bookingId}/payment`;
          expect((await payments.service.as(guest).get(path)).body).toMatchObject({ status: 'captured' });
        },
        { seconds: 20 },
      );
      const all = payments.paystack.state.transactions;
      expect(all.filter(({ email }) => email.includes(guest.id))).toHaveLength(1);
    });
  });

  test('fails with a code of ours if Paystack does not take the amount', async () => {
    const guest = testUser();
    const amounts = { totalMinor: 4_999, hostPayoutMinor: 4_999, platformFeeMinor: 0, taxMinor: 0 };
    const booking = aBooking({ guest, currency: 'NGN', ...amounts });
    await payments.service.deliver('booking.created', booking);
    const path = `/v1/bookings/${booking.bookingId}/payment`;
    const response = await payments.service.as(guest).get(path, { prefer: 'wait=10' });
    expect(response.body).toMatchObject({ status: 'failed', failureCode: 'amount_rejected' });
    expect(await payments.service.published('payment.failed')).toMatchObject([{ code: 'amount_rejected' }]);
    await payments.service.deliver(...expired(booking, 'hold'));
    expect((await payments.service.as(guest).get(path)).body).toMatchObject({ status: 'failed' });
  });

  test('409 for a confirmation by this API, and 404 for someone else’s', async () => {
    const guest = testUser();
    const { payment } = await payments.givenOpen(guest);
    expectProblem(await payments.confirm(guest, payment.id), 409, 'payment.confirmed_at_provider');
    expectProblem(await payments.confirm(testUser(), payment.id), 404, 'payment.not_found');
    expect(await payments.statusOf(guest, payment.id)).toBe('requires_action');
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});
