import { createHmac } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { SECRET_KEY } from './fake-paystack/fake-paystack.js';
import { startPayments } from './payments.fixture.js';
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
    for (const { payload } of rows) expect(payload).toMatch(/^v1\.[\w.-]+$/);
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
