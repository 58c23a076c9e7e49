import { createHmac } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { SECRET_KEY } from './fake-paystack/fake-paystack.js';
import { startPayments } from './payments.fixture.js';
import { DUE, SHARE, START } from './payouts.fixture.js';
import { type PaystackPayments, startPaystackPayments } from './paystack.fixture.js';

const sign = (raw: string, secret = SECRET_KEY) => createHmac('sha512', secret).update(raw).digest('hex');

describe('POST /v1/webhooks/paystack', () => {
  let payments: PaystackPayments;
  beforeAll(async () => {
    // No checks at the provider: only webhooks change payments here.
    payments = await startPaystackPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  const send = (raw: string, headers: Record<string, string>) =>
    payments.service.anonymous.post('/v1/webhooks/paystack', raw, headers);
  const signed = (raw: string) => send(raw, { 'x-paystack-signature': sign(raw) });
  const stored = () =>
    payments.service.query<{ id: string; type: string; subject: string | null; outcome: string | null }>(
      'SELECT id, type, subject, outcome FROM webhook_event ORDER BY received_at, id',
    );
  const charge = (reference: string, overrides: object = {}) =>
    JSON.stringify({
      event: 'charge.success',
      data: { id: 302_961, reference, status: 'success', ...overrides },
    });

  test('ignores the content of a webhook and reads the state at Paystack', async () => {
    const guest = testUser();
    const { payment } = await payments.givenOpen(guest);
    const before = (await stored()).length;
    expect((await signed(charge(`roost-${payment.id}-1`, { amount: 27_280 }))).status).toBe(200);
    await eventually(async () =>
      expect((await stored()).slice(before)).toMatchObject([{ subject: 'payment', outcome: 'applied' }]),
    );
    expect(await payments.statusOf(guest, payment.id)).toBe('requires_action');
  });

  test('stores a repeated delivery once, and another state of the same object again', async () => {
    const { payment } = await payments.givenOpen(testUser());
    const before = (await stored()).length;
    const first = charge(`roost-${payment.id}-1`, { id: 1 });
    for (let copy = 0; copy < 3; copy += 1) expect((await signed(first)).status).toBe(200);
    expect((await stored()).length - before).toBe(1);
    expect((await signed(charge(`roost-${payment.id}-1`, { id: 1, status: 'reversed' }))).status).toBe(200);
    expect((await stored()).length - before).toBe(2);
  });

  test('stores two different refunds of one transaction, whose objects have no id', async () => {
    const { payment } = await payments.givenOpen(testUser());
    const before = (await stored()).length;
    for (const amount of ['5000', '6000']) {
      const data = { status: 'processed', transaction_reference: `roost-${payment.id}-1`, amount };
      expect((await signed(JSON.stringify({ event: 'refund.processed', data }))).status).toBe(200);
    }
    expect((await stored()).length - before).toBe(2);
  });

  test.each([
    ['charge.dispute.create', { id: 358_950, status: 'pending', transaction: { reference: 'x' } }, 'dispute'],
    ['transfer.success', { id: 37, reference: 'payout-1', status: 'success' }, 'transfer'],
    ['subscription.create', { status: 'active' }, null],
    ['customeridentification.failed', { customer_id: 82_796_315 }, null],
  ])('acknowledges %s as %o', async (event, data, subject) => {
    expect((await signed(JSON.stringify({ event, data }))).status).toBe(200);
    await eventually(async () =>
      expect((await stored()).filter(({ type }) => type === event)).toMatchObject([
        { subject, outcome: expect.any(String) as string },
      ]),
    );
  });

  test('stores and acknowledges a transaction of another system of the same account', async () => {
    const body = { reference: 'shop-1', amount: 10_000, email: 'a@example.com', currency: 'NGN' };
    const reply = await fetch(`${payments.paystack.url}/transaction/initialize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET_KEY}` },
      body: JSON.stringify(body),
    });
    expect(reply.status).toBe(200);
    const raw = charge('shop-1', { id: 77 });
    expect((await signed(raw)).status).toBe(200);
    await eventually(async () =>
      expect(await stored()).toContainEqual(
        expect.objectContaining({ type: 'charge.success', outcome: 'not-ours' }),
      ),
    );
  });

  test.each([
    ['of a lost dispute that is not stored yet', 27_280, 77],
    ['of a part of a dispute', 3_000, 77],
    ['of the dashboard', 2_000, null],
  ])('applies each webhook of a refund %s', async (_origin, amount, dispute) => {
    const { paystack, service } = payments;
    const { payment } = await payments.givenPaid(testUser());
    const [transaction] = payments.transactionsOf(payment.id);
    paystack.state.refunds.push({
      ...{ id: paystack.state.newId(), transaction: transaction?.id ?? 0, merchantNote: null, dispute },
      ...{ amount, currency: 'NGN', status: 'processed' },
    });
    for (const status of ['pending', 'processing', 'processed']) {
      const data = { status, transaction_reference: transaction?.reference, refund_reference: null };
      const raw = { event: `refund.${status}`, data: { ...data, amount: String(amount), currency: 'NGN' } };
      expect((await signed(JSON.stringify(raw))).status).toBe(200);
    }
    await eventually(async () =>
      expect(
        await service.query(
          `SELECT outcome FROM webhook_event WHERE payment_id = $1 AND type LIKE 'refund.%'`,
          [payment.id],
        ),
      ).toEqual(Array.from({ length: 3 }, () => ({ outcome: 'applied' }))),
    );
  });

  describe('parks, and does not apply', () => {
    const newest = () =>
      eventually(async () => {
        const [last] = await payments.service.query<{ outcome: string | null; park_reason: string | null }>(
          'SELECT outcome, park_reason FROM webhook_event ORDER BY received_at DESC, id DESC LIMIT 1',
        );
        expect(last?.outcome).not.toBeNull();
        return last;
      });
    /** A transaction that was paid; the webhook of Paystack is lost. */
    async function paid() {
      const guest = testUser();
      const { payment } = await payments.givenOpen(guest);
      const { webhookUrl } = payments.paystack;
      payments.paystack.webhookUrl = null;
      await payments.paystack.pay(payment.redirectUrl);
      payments.paystack.webhookUrl = webhookUrl;
      return { guest, payment, reference: `roost-${payment.id}-1` };
    }

    test.each([
      ['another amount', { amount: 27_281 }, 'amount_differs'],
      ['another amount without the fee', { amount: 30_000, requested_amount: 27_279 }, 'amount_differs'],
      ['another currency', { currency: 'GHS' }, 'currency_differs'],
      ['a live event for a test key', { domain: 'live' }, 'account_differs'],
    ])('a charge with %s', async (_name, changes, reason) => {
      const { guest, payment, reference } = await paid();
      const [transaction] = payments.transactionsOf(payment.id);
      const sound = { id: transaction?.id, amount: 27_280, currency: 'NGN', domain: 'test' };
      const raw = charge(reference, { ...sound, ...changes });
      expect((await signed(raw)).status).toBe(200);
      expect(await newest()).toEqual({ outcome: 'parked', park_reason: reason });
      expect(await payments.statusOf(guest, payment.id)).toBe('requires_action');
      // Another webhook of the same state: the guest has paid the fee of Paystack as well.
      const fee = { amount: '27990', requested_amount: 27_280 };
      expect((await signed(charge(reference, { ...sound, ...fee }))).status).toBe(200);
      await payments.becomes(guest, payment.id, 'captured');
    });

    test.each([
      ['another amount', { amount: '5001' }, 'amount_differs'],
      ['another currency', { currency: 'GHS' }, 'currency_differs'],
      ['a live event for a test key', { domain: 'live' }, 'account_differs'],
    ])('a refund with %s', async (_name, changes, reason) => {
      const guest = testUser();
      const { payment } = await payments.givenPaid(guest);
      const response = await payments.service
        .as(payments.admin)
        .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 5_000, reason: 'Heating' });
      expect(response.status).toBe(201);
      // A webhook about a refund whose reference is not stored yet has no effect.
      await eventually(async () =>
        expect(
          await payments.service.query(
            'SELECT FROM refund WHERE payment_id = $1 AND provider_ref IS NOT NULL',
            [payment.id],
          ),
        ).toHaveLength(1),
      );
      const found = payments.refundsOf(payment.id)[0]!;
      const { webhookUrl } = payments.paystack;
      payments.paystack.webhookUrl = null;
      await payments.paystack.finishRefund(found, 'processed');
      payments.paystack.webhookUrl = webhookUrl;
      const raw = JSON.stringify({
        event: 'refund.processed',
        data: {
          ...{ status: 'processed', transaction_reference: `roost-${payment.id}-1`, refund_reference: null },
          ...{ amount: '5000', currency: 'NGN', domain: 'test', ...changes },
        },
      });
      expect((await signed(raw)).status).toBe(200);
      expect(await newest()).toEqual({ outcome: 'parked', park_reason: reason });
      expect(await payments.statusOf(guest, payment.id)).toBe('captured');
      await payments.paystack.finishRefund(found, 'processed');
      await payments.becomes(guest, payment.id, 'partially_refunded');
    });

    test('a transfer of another amount', async () => {
      const { service, paystack } = payments;
      const host = testUser({ roles: ['host'] });
      const reference = `RCP_${host.id.slice(0, 8)}`;
      paystack.state.recipients.add(reference);
      await service.clock.set(START);
      const account = { provider: 'paystack', currency: 'NGN', reference };
      expect((await service.as(host).put('/v1/me/payout-account', account)).status).toBe(200);
      const options = { host, holdExpiresAt: '2031-01-01T00:00:00.000Z' };
      const { booking } = await payments.givenPaid(testUser(), options);
      const confirmed = { ...booking, state: 'confirmed' as const, holdExpiresAt: null };
      await service.deliver('booking.confirmed', { ...confirmed, late: false });
      await service.clock.set(DUE);
      const transfer = await eventually(() => {
        const own = paystack.state.transfers.find(({ recipient }) => recipient === reference);
        return own ?? Promise.reject(new Error('no transfer yet'));
      });
      const statusOf = async () =>
        (await service.query('SELECT status FROM payout WHERE host_id = $1', [host.id]))[0];
      transfer.status = 'success';
      const webhook = (amount: number) =>
        JSON.stringify({ event: 'transfer.success', data: { ...transfer, amount, domain: 'test' } });
      expect((await signed(webhook(SHARE + 1))).status).toBe(200);
      expect(await newest()).toEqual({ outcome: 'parked', park_reason: 'amount_differs' });
      expect(await statusOf()).toEqual({ status: 'in_transit' });
      expect((await signed(webhook(SHARE))).status).toBe(200);
      await eventually(async () => expect(await statusOf()).toEqual({ status: 'paid' }));
    });

    test('a dispute of a transaction with another amount', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPaid(guest);
      const reference = `roost-${payment.id}-1`;
      const id = payments.paystack.openDispute(reference, 27_280);
      const dispute = (amount: number) =>
        JSON.stringify({
          event: 'charge.dispute.create',
          data: {
            ...{ id, refund_amount: 27_280, currency: 'NGN', domain: 'test', status: `${amount}` },
            transaction: { reference, amount, requested_amount: amount, currency: 'NGN' },
          },
        });
      const raw = dispute(27_281);
      expect((await signed(raw)).status).toBe(200);
      expect(await newest()).toEqual({ outcome: 'parked', park_reason: 'amount_differs' });
      expect(await payments.statusOf(guest, payment.id)).toBe('captured');
      expect((await signed(dispute(27_280))).status).toBe(200);
      await payments.becomes(guest, payment.id, 'disputed');
    });
  });

  describe('400 webhook.bad_signature, and nothing is stored', () => {
    const raw = charge('roost-x');
    test.each<[string, Record<string, string>]>([
      ['no signature', {}],
      ['an empty signature', { 'x-paystack-signature': '' }],
      ['another secret', { 'x-paystack-signature': sign(raw, 'sk_test_another_secret_key') }],
      ['another body', { 'x-paystack-signature': sign(`${raw} `) }],
      ['upper case', { 'x-paystack-signature': sign(raw).toUpperCase() }],
      ['too short', { 'x-paystack-signature': sign(raw).slice(0, 64) }],
      ['SHA-256', { 'x-paystack-signature': createHmac('sha256', SECRET_KEY).update(raw).digest('hex') }],
      ['the header of the sandbox', { 'sandbox-signature': sign(raw) }],
    ])('%s', async (_name, headers) => {
      const before = (await stored()).length;
      expectProblem(await send(raw, headers), 400, 'webhook.bad_signature');
      expect(await stored()).toHaveLength(before);
    });
  });

  describe('400 request.invalid', () => {
    test.each([
      ['malformed JSON', '{"event":'],
      ['an array', '[1,2]'],
      ['no data', '{"event":"charge.success"}'],
      ['a number as the event', '{"event":7,"data":{}}'],
      ['a charge without a reference', '{"event":"charge.success","data":{"id":1}}'],
      ['a dispute without a transaction', '{"event":"charge.dispute.create","data":{"id":1}}'],
    ])('%s with a valid signature', async (_name, raw) => {
      expectProblem(await signed(raw), 400, 'request.invalid');
    });
  });

  test('no secret key or address of a guest is in an answer or a stored webhook', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPaid(guest);
    const rows = await payments.service.query<{ payload: string }>('SELECT payload FROM webhook_event');
    expect(rows.length).toBeGreaterThan(0);
    // Encrypted until it is handled, then deleted.
    for (const { payload } of rows) expect(payload).toMatch(/^(v1\.[\w.-]+)?$/);
    expect(JSON.stringify(await payments.paymentOf(guest, payment.id))).not.toContain('sk_test');
  });
});

test('404 route.not_found if Paystack is not enabled', async () => {
  const payments = await startPayments();
  try {
    const raw = JSON.stringify({ event: 'charge.success', data: { id: 1, reference: 'x' } });
    const headers = { 'x-paystack-signature': sign(raw) };
    expectProblem(
      await payments.service.anonymous.post('/v1/webhooks/paystack', raw, headers),
      404,
      'route.not_found',
    );
  } finally {
    await payments.close();
  }
});
