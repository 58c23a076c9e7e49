import { MikroORM } from '@mikro-orm/postgresql';
import { noteShortage } from '../src/operation/operation.queries.js';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { cancelled, declined } from './booking-endings.fixture.js';
import { aBooking, type PaymentBody } from './payments.fixture.js';
import { StripePayments } from './stripe.fixture.js';

const tooSmall = {
  totalMinor: 40,
  hostPayoutMinor: 30,
  platformFeeMinor: 6,
  taxMinor: 4,
  lines: [{ kind: 'night' as const, date: '2030-05-10', label: 'Night', amountMinor: 40 }],
};

describe('the life of a payment at Stripe', () => {
  let payments: StripePayments;
  beforeAll(async () => {
    payments = await StripePayments.start();
  });
  afterEach(() => payments.stripe.plan());
  afterAll(() => payments.close());

  const refund = (paymentId: string, amountMinor: number) =>
    payments.service.as(payments.admin).post<{ id: string }>(`/v1/admin/payments/${paymentId}/refunds`, {
      amountMinor,
      reason: 'Broken heating',
    });
  const read = async (guest: ReturnType<typeof testUser>, paymentId: string) =>
    (await payments.service.as(guest).get<PaymentBody>(`/v1/payments/${paymentId}`)).body;
  test('captures an instant booking and posts it to the ledger', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    expect(payment).toMatchObject({ capturedMinor: 27_280, redirectUrl: null });
    const intent = payments.stripe.intentOf(payment.id);
    expect(intent.metadata).toEqual({ paymentId: payment.id, bookingId: booking.bookingId });
    expect(payments.stripe.chargesOf(intent.id)).toEqual([27_280]);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 27_280,
      host_payable: -21_340,
      platform_revenue: -3_740,
      tax_payable: -2_200,
    });
    await payments.agreed();
  });

  test('authorizes a request, and captures it when the host accepts', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    const [authorized] = await payments.service.published('payment.authorized');
    expect(Date.parse(authorized?.captureBefore ?? '')).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await payments.becomes(guest, payment.id, 'captured');
    expect(payments.stripe.intentOf(payment.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 27_280,
    });
  });

  test('releases the authorization of a declined request', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    await payments.service.deliver(...declined(booking));
    await payments.becomes(guest, payment.id, 'voided');
    expect(payments.stripe.intentOf(payment.id)).toMatchObject({ status: 'canceled', amount_received: 0 });
  });

  test('refunds a part, then the rest when the booking is cancelled', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenConfirmed(guest);
    expect((await refund(payment.id, 2_728)).status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    const retained = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
    await payments.service.deliver(...cancelled(booking, 27_280, retained));
    await payments.becomes(guest, payment.id, 'refunded');
    const { id } = payments.stripe.intentOf(payment.id);
    expect(payments.stripe.refundsOf(id).map(({ amount }) => amount)).toEqual([2_728, 24_552]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('finishes a 3-D Secure payment by the webhook', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    expect(waiting).toMatchObject({ status: 200, body: { status: 'requires_action' } });
    payments.stripe.account.decide(payments.stripe.intentOf(payment.id).id, 'approve');
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('accepts a payment that the guest’s browser confirms with the client secret', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    expect(payment.clientSecret).toMatch(/^pi_\w+_secret_/);
    // Stripe.js calls Stripe, not Roost.
    payments.stripe.account.confirm(payments.stripe.intentOf(payment.id).id, {
      payment_method: 'pm_card_visa',
    });
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('waits for a bank that processes the payment', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const waiting = await payments.confirm(guest, payment.id, 'pm_usBankAccount_processing');
    expect(waiting).toMatchObject({ status: 200, body: { status: 'processing', failureCode: null } });
    expectProblem(await payments.confirm(guest, payment.id), 409, 'payment.wrong_state');
    payments.stripe.account.decide(payments.stripe.intentOf(payment.id).id, 'approve');
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('declines a card without a reason that only the bank should know, and accepts another one', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const declined = await payments.confirm(guest, payment.id, 'pm_card_chargeDeclinedStolenCard');
    expectProblem(declined, 402, 'payment.declined');
    expect(declined.body).toMatchObject({ reason: 'generic_decline' });
    expect(JSON.stringify(declined.body)).not.toMatch(/RAW STRIPE|sk_test/);
    expectProblem(await payments.confirm(guest, payment.id, 'pm_none'), 400, 'request.invalid');
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
  });

  test.each(['silent', 'drop', 'garbage', '500'] as const)(
    'after %s in the confirmation recovery finishes the charge, once',
    async (kind) => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      // Until the guest has the answer: a recovery before it would make it a success.
      payments.stripe.plan({ route: 'confirm', kind, times: 100 });
      expectProblem(await payments.confirm(guest, payment.id), 503, 'payment.provider_unavailable');
      payments.stripe.plan();
      await payments.becomes(guest, payment.id, 'captured');
      expect(payments.stripe.chargesOf(payments.stripe.intentOf(payment.id).id)).toEqual([27_280]);
    },
  );

  test('creates one payment although no response and no webhook arrives and the search finds nothing', async () => {
    const { webhookUrl } = payments.stripe;
    payments.stripe.webhookUrl = null;
    try {
      const guest = testUser();
      const booking = aBooking({ guest });
      payments.stripe.plan({ route: 'create', kind: 'drop' });
      await payments.service.deliver('booking.created', booking);
      const payment = await eventually(async () => {
        const response = await payments.service
          .as(guest)
          .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
        expect(response.status).toBe(200);
        return response.body;
      });
      const intent = payments.stripe.intentOf(payment.id);
      const keys = payments.stripe.requests
        .filter(({ method, raw }) => method === 'POST' && raw.includes(payment.id))
        .map(({ headers }) => headers['idempotency-key']);
      // Twice by the library, then by recovery.
      expect(keys).toEqual(Array.from({ length: 3 }, () => `create:${payment.id}`));
      expect(intent.status).toBe('requires_payment_method');
    } finally {
      payments.stripe.webhookUrl = webhookUrl;
    }
  });

  test('refunds once although no response arrives and the key has expired', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    payments.stripe.plan({ route: 'refund', kind: 'silent' });
    await refund(payment.id, 1_000);
    const { id } = payments.stripe.intentOf(payment.id);
    // The library has repeated the call with the same key.
    const sent = () =>
      payments.stripe.requests.filter(({ form }) => form.payment_intent === id && form.amount);
    await eventually(() => expect(sent()).toHaveLength(2));
    payments.stripe.forgetKeys();
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(payments.stripe.refundsOf(id)).toHaveLength(1);
  });

  test('a refund waits until the balance at Stripe suffices, and reconciliation says what to do', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    payments.stripe.account.hasBalance = false;
    await refund(payment.id, 1_000);
    const admin = payments.service.as(payments.admin);
    const pending = () =>
      admin.get<{ data: { id: string; tries: number }[] }>(
        `/v1/admin/payment-operations?paymentId=${payment.id}`,
      );
    const operation = await eventually(async () => {
      const [found] = (await pending()).body.data;
      expect(found).toMatchObject({ kind: 'refund', status: 'pending', tries: 1, failureCode: null });
      return found!;
    });
    await payments.service.query(
      `UPDATE payment_operation SET created_at = created_at - interval '6 minutes' WHERE id = $1`,
      [operation.id],
    );
    expect((await payments.reconcile()).differences).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'operation.stuck', paymentId: payment.id },
        action: expect.stringContaining('top it up') as string,
      }),
    );
    const shortages = async () =>
      (
        await payments.service.query<{ shortages: number }>(
          'SELECT shortages FROM payment_operation WHERE id = $1',
          [operation.id],
        )
      )[0]?.shortages ?? 0;
    const retry = () =>
      admin.post(`/v1/admin/payment-operations/${operation.id}/retry`, { reason: 'Try again' });
    await eventually(async () => {
      await retry();
      expect(await shortages()).toBeGreaterThanOrEqual(2);
    });
    // Another worker has reported the shortage of the first key too.
    const noted = await shortages();
    await noteShortage(payments.service.get(MikroORM).em.fork(), { id: operation.id, shortages: 0 });
    expect(await shortages()).toBeGreaterThanOrEqual(noted);
    payments.stripe.account.hasBalance = true;
    await retry();
    await payments.becomes(guest, payment.id, 'partially_refunded');
    const { id } = payments.stripe.intentOf(payment.id);
    expect(payments.stripe.refundsOf(id)).toHaveLength(1);
    const keys = payments.stripe.requests
      .filter(({ form }) => form.payment_intent === id && form.amount)
      .map(({ headers }) => String(headers['idempotency-key']));
    // No key is sent again after its shortage.
    expect(keys).toEqual(keys.map((_, n) => (n === 0 ? keys[0] : `${keys[0]}:${n}`)));
  });

  test.each([
    ['JPY', 27_280],
    ['KWD', 27_280],
    ['ISK', 2_728_000],
  ])('charges and refunds %s to the last unit', async (currency, sent) => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest, { currency });
    expect(payments.stripe.intentOf(payment.id)).toMatchObject({
      currency: currency.toLowerCase(),
      amount: sent,
    });
    await refund(payment.id, 7_280);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await refund(payment.id, 20_000);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('Stripe, payments, ledger and bookings agree', async () => {
    await payments.agreed();
  });

  describe('a pending refund', () => {
    const pending = async () => {
      const guest = testUser();
      const { payment, booking } = await payments.givenCaptured(guest);
      const { id } = payments.stripe.intentOf(payment.id);
      Object.assign(payments.stripe.intentOf(payment.id), { payment_method: 'pm_card_pendingRefund' });
      const refundId = (await refund(payment.id, 1_000)).body.id;
      const stored = () =>
        payments.service.query('SELECT status, provider_ref, failure_code FROM refund WHERE id = $1', [
          refundId,
        ]);
      await eventually(async () =>
        expect(await stored()).toEqual([
          { status: 'pending', provider_ref: expect.stringMatching(/^re_/) as string, failure_code: null },
        ]),
      );
      expect(await read(guest, payment.id)).toMatchObject({ status: 'captured', refundedMinor: 0 });
      // The reservation is a debt: neither paid nor reversed.
      expect(await payments.balances(booking.bookingId)).toMatchObject({
        provider_clearing: 27_280,
        refunds: -1_000,
      });
      return { guest, payment, stored, ref: payments.stripe.refundsOf(id)[0]?.id ?? '' };
    };

    test('is paid when Stripe reports its success, and is no difference before', async () => {
      const { guest, payment, stored, ref } = await pending();
      await payments.agreed();
      payments.stripe.account.decideRefund(ref, 'succeeded');
      await payments.becomes(guest, payment.id, 'partially_refunded');
      expect(await read(guest, payment.id)).toMatchObject({ refundedMinor: 1_000 });
      expect(await stored()).toEqual([{ status: 'succeeded', provider_ref: ref, failure_code: null }]);
    });

    test('is reversed when Stripe reports its failure', async () => {
      const { guest, payment, stored, ref } = await pending();
      payments.stripe.account.decideRefund(ref, 'failed');
      await eventually(async () =>
        expect(await stored()).toMatchObject([{ status: 'failed', failure_code: 'refund_failed' }]),
      );
      expect(await read(guest, payment.id)).toMatchObject({ status: 'captured', refundedMinor: 0 });
    });
  });

  test('a paid refund that fails days later is owed again, and can be repeated', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const { id } = payments.stripe.intentOf(payment.id);
    const refundId = (await refund(payment.id, 1_000)).body.id;
    await payments.becomes(guest, payment.id, 'partially_refunded');
    const [paid] = payments.stripe.refundsOf(id);
    payments.stripe.account.decideRefund(paid?.id ?? '', 'failed');
    await payments.becomes(guest, payment.id, 'captured');
    expect(await read(guest, payment.id)).toMatchObject({ refundedMinor: 0 });
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 27_280 });
    const reported = (await payments.reconcile()).differences.filter((each) => each.paymentId === payment.id);
    expect(reported.map(({ kind }) => kind)).toEqual(['refund.refused']);
    const path = `/v1/admin/payments/${payment.id}/refunds/${refundId}/retry`;
    const repeated = await payments.service.as(payments.admin).post(path, { reason: 'A new card' });
    expect(repeated.status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(payments.stripe.refundsOf(id).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
    const rest = (await payments.reconcile()).differences.filter((each) => each.paymentId === payment.id);
    expect(rest).toEqual([]);
  });

  test('an amount that Stripe rejects ends the payment', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest, ...tooSmall });
    expect(payment).toMatchObject({ status: 'failed', failureCode: 'amount_too_small' });
    expect(await payments.service.published('payment.failed')).toContainEqual(
      expect.objectContaining({ paymentId: payment.id, code: 'amount_too_small' }),
    );
  });

  test('no answer and no table contains a message of Stripe', async () => {
    const tables = ['payment', 'refund', 'payment_operation', 'outbox_event', 'idempotency_key'];
    for (const table of tables) {
      const rows = await payments.service.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      for (const { row } of rows) expect(row).not.toMatch(/RAW STRIPE|sk_test/);
    }
  });
});
