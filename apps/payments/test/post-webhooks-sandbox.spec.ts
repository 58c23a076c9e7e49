import { createHmac, randomUUID } from 'node:crypto';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm, WEBHOOK_SECRET } from './sandbox.fixture.js';

const now = () => Math.floor(Date.now() / 1000);

function sign(raw: string, options: { secret?: string; at?: number } = {}): Record<string, string> {
  const t = options.at ?? now();
  const v1 = createHmac('sha256', options.secret ?? WEBHOOK_SECRET)
    .update(`${t}.${raw}`)
    .digest('hex');
  return { 'sandbox-signature': `t=${t},v1=${v1}` };
}

describe('POST /v1/webhooks/sandbox', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    // No checks at the provider: only webhooks change payments here.
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  const send = (raw: string, headers: Record<string, string>) =>
    payments.service.anonymous.post('/v1/webhooks/sandbox', raw, headers);
  const stored = (id: string) =>
    payments.service.query<{ outcome: string | null; tries: number }>(
      'SELECT outcome, tries FROM webhook_event WHERE id = $1',
      [id],
    );
  const aWebhook = (type: string, data: object = {}) => {
    const id = `evt_${randomUUID()}`;
    return { id, raw: JSON.stringify({ id, type, createdAt: new Date().toISOString(), data }) };
  };

  /** The guest has approved the payment at the bank: only the webhook reports it. */
  async function approved() {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    await submitBankForm(waiting.body.redirectUrl, 'approve');
    return { guest, payment };
  }

  test('applies the provider’s state to the payment', async () => {
    const { guest, payment } = await approved();
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('applies ten reordered copies of each webhook once', async () => {
    await payments.switches({ copies: 10, shuffleMs: 500 });
    const { guest, payment } = await approved();
    await payments.becomes(guest, payment.id, 'captured');
    await eventually(async () => {
      const [open] = await payments.service.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM webhook_event WHERE handled_at IS NULL',
      );
      expect(open?.count).toBe(0);
    });
    await payments.switches({});
    const captured = await payments.service.published('payment.captured');
    expect(captured.filter((body) => body.paymentId === payment.id)).toHaveLength(1);
  });

  test('stores a webhook while the provider is unavailable, and handles it later', async () => {
    await payments.sandbox.faults({ route: 'read', kind: 'fail', times: 4 });
    const { guest, payment } = await approved();
    await payments.becomes(guest, payment.id, 'captured');
  });

  test('stores and acknowledges an unknown type and a payment of another system', async () => {
    const unknown = aWebhook('balance.available', { nothing: true });
    const response = await send(unknown.raw, sign(unknown.raw));
    expect(response).toMatchObject({ status: 200, body: { received: true } });
    await eventually(async () =>
      expect(await stored(unknown.id)).toMatchObject([{ outcome: 'unknown-type' }]),
    );
    const other = await payments.sandbox.request<{ id: string; metadata: object }>(
      'POST',
      '/v1/payment-intents',
      {
        amountMinor: 1,
        currency: 'USD',
        metadata: { shop: 'another' },
      },
    );
    const foreign = aWebhook('intent.failed', { intent: other });
    expect((await send(foreign.raw, sign(foreign.raw))).status).toBe(200);
    await eventually(async () => expect(await stored(foreign.id)).toMatchObject([{ outcome: 'not-ours' }]));
  });

  test('ignores the content of a webhook and reads the provider’s state', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const intent = await payments.sandbox.intentOf(payment.id);
    const forged = aWebhook('intent.captured', {
      intent: { ...intent, status: 'succeeded', capturedMinor: 27_280 },
    });
    expect((await send(forged.raw, sign(forged.raw))).status).toBe(200);
    await eventually(async () => expect(await stored(forged.id)).toMatchObject([{ outcome: 'applied' }]));
    expect(await payments.statusOf(guest, payment.id)).toBe('requires_payment_method');
  });

  test('stores the payload, with secrets and personal data of the guest, encrypted until it is handled', async () => {
    const { guest, payment } = await approved();
    await payments.becomes(guest, payment.id, 'captured');
    const rows = await payments.service.query<{ payload: string; handled: boolean }>(
      'SELECT payload, handled_at IS NOT NULL AS handled FROM webhook_event',
    );
    expect(rows.filter(({ handled }) => handled).length).toBeGreaterThan(0);
    for (const { payload, handled } of rows) expect(payload).toMatch(handled ? /^$/ : /^v1\.[\w.-]+$/);
  });

  test('stores a webhook with the same id once', async () => {
    const webhook = aWebhook('balance.available');
    for (let time = 0; time < 3; time += 1) await send(webhook.raw, sign(webhook.raw));
    expect(await stored(webhook.id)).toHaveLength(1);
  });

  describe('400 webhook.bad_signature, and nothing is stored', () => {
    test.each<[string, (raw: string) => Record<string, string>]>([
      ['no signature', () => ({})],
      ['an empty signature', () => ({ 'sandbox-signature': '' })],
      ['another secret', (raw) => sign(raw, { secret: 'another secret entirely' })],
      ['another body', (raw) => sign(`${raw} `)],
      ['too old', (raw) => sign(raw, { at: now() - 301 })],
      // Not 301: `now` is the start of a second, which may end before the request arrives.
      ['from the future', (raw) => sign(raw, { at: now() + 310 })],
      [
        'a time that is not signed',
        (raw) => ({
          'sandbox-signature': (sign(raw, { at: now() - 1_000 })['sandbox-signature'] ?? '').replace(
            /^t=\d+/,
            `t=${now()}`,
          ),
        }),
      ],
      [
        'upper case',
        (raw) => ({ 'sandbox-signature': (sign(raw)['sandbox-signature'] ?? '').toUpperCase() }),
      ],
      ['too short', () => ({ 'sandbox-signature': `t=${now()},v1=abcd` })],
    ])('%s', async (_name, headers) => {
      const webhook = aWebhook('intent.captured');
      expectProblem(await send(webhook.raw, headers(webhook.raw)), 400, 'webhook.bad_signature');
      expect(await stored(webhook.id)).toEqual([]);
    });

    test('accepts a signature just below the maximum age', async () => {
      const webhook = aWebhook('balance.available');
      expect((await send(webhook.raw, sign(webhook.raw, { at: now() - 290 }))).status).toBe(200);
    });
  });

  describe('400 request.invalid', () => {
    test.each([
      ['malformed JSON', '{"id":'],
      ['an array', '[1,2]'],
      ['a missing id', '{"type":"intent.captured"}'],
      ['a number as the type', '{"id":"evt_1","type":7}'],
    ])('%s with a valid signature', async (_name, raw) => {
      expectProblem(await send(raw, sign(raw)), 400, 'request.invalid');
    });
  });

  test('404 or 405 for GET, 413 for a body that is too large', async () => {
    const read = await payments.service.anonymous.get('/v1/webhooks/sandbox');
    expect([404, 405]).toContain(read.status);
    const huge = JSON.stringify({ id: 'x', type: 'y', data: 'z'.repeat(1_100_000) });
    expectProblem(await send(huge, sign(huge)), 413, 'request.too_large');
  });
});
