import { randomUUID } from 'node:crypto';
import { expectProblem, testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { sendWebhook, storedWebhook, webhookBecomes } from './webhook.fixture.js';

interface WebhookBody extends Record<string, unknown> {
  id: string;
  provider: string;
  outcome: string | null;
  parkReason: string | null;
}

interface WebhookPage extends Record<string, unknown> {
  data: WebhookBody[];
  nextCursor: string | null;
}

const REASON = { reason: 'Compared with the provider' };

describe('/v1/admin/webhooks', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  const admin = () => payments.service.as(payments.admin);
  const list = async (query: string) => (await admin().get<WebhookPage>(`/v1/admin/webhooks?${query}`)).body;

  /** A parked webhook of a payment that its guest has not paid. */
  async function parked() {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const intent = await payments.sandbox.intentOf(payment.id);
    const id = await sendWebhook(payments, 'intent.captured', { intent: { ...intent, amountMinor: 1 } });
    await webhookBecomes(payments, id, 'parked', 'amount_differs');
    return { guest, payment, intent, id };
  }

  test('lists webhooks, newest first, by payment, provider, type and outcome', async () => {
    const { payment, intent, id } = await parked();
    const applied = await sendWebhook(payments, 'intent.captured', { intent });
    await webhookBecomes(payments, applied, 'applied');
    const ofPayment = `paymentId=${payment.id}`;
    expect((await list(ofPayment)).data.map((each) => each.id)).toEqual([applied, id]);
    expect((await list(`${ofPayment}&outcome=parked&provider=sandbox`)).data).toEqual([
      expect.objectContaining({
        ...{
          id,
          provider: 'sandbox',
          type: 'intent.captured',
          outcome: 'parked',
          parkReason: 'amount_differs',
        },
        ...{ reportedMinor: 1, reportedCurrency: 'USD', account: 'acct_sandbox', paymentId: payment.id },
      }),
    ]);
    expect((await list(`${ofPayment}&outcome=pending`)).data).toEqual([]);
    expect((await list(`${ofPayment}&type=refund.succeeded`)).data).toEqual([]);
    const { receivedAt } = (await list(`${ofPayment}&outcome=applied`)).data[0]!;
    for (const name of ['from', 'since']) {
      expect((await list(`${ofPayment}&${name}=${receivedAt}`)).data.map((each) => each.id)).toEqual([
        applied,
      ]);
    }
    expect((await list(`${ofPayment}&to=${receivedAt}`)).data.map((each) => each.id)).toEqual([id]);
    const first = await list(`${ofPayment}&limit=1`);
    expect(first.data.map((each) => each.id)).toEqual([applied]);
    const second = await list(`${ofPayment}&limit=1&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ data: [{ id }], nextCursor: null });
  });

  test('shows a webhook without the secrets of its guest', async () => {
    const { id, intent } = await parked();
    const { body } = await admin().get<WebhookBody>(`/v1/admin/webhooks/sandbox/${id}`);
    expect(body).toMatchObject({ id, ref: intent.id, tries: 1 });
    expect(JSON.stringify(body)).not.toMatch(/secret|payload/i);
  });

  test('shows a webhook of a payment that is unknown here', async () => {
    const other = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
      amountMinor: 1,
      currency: 'USD',
    });
    const id = await sendWebhook(payments, 'intent.failed', { intent: other });
    await webhookBecomes(payments, id, 'not-ours');
    const { body } = await admin().get<WebhookBody>(`/v1/admin/webhooks/sandbox/${id}`);
    expect(body).toMatchObject({ outcome: 'not-ours', paymentId: null, ref: other.id });
  });

  test('replay handles a webhook again, has no second effect, and is audited', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    const intent = await payments.sandbox.intentOf(payment.id);
    const id = await sendWebhook(payments, 'intent.captured', { intent });
    await webhookBecomes(payments, id, 'applied');
    const before = await payments.service.query('SELECT count(*) FROM movement');
    const replayed = await admin().post<WebhookBody>(`/v1/admin/webhooks/sandbox/${id}/replay`, REASON);
    expect(replayed).toMatchObject({ status: 200, body: { outcome: 'applied', tries: 1 } });
    expect(await payments.service.query('SELECT count(*) FROM movement')).toEqual(before);
    const log = await admin().get(`/v1/admin/payments/audit-log?paymentId=${payment.id}`);
    expect(log.body).toMatchObject({
      data: [
        {
          ...{ adminId: payments.admin.id, action: 'webhook.replay', subjectId: `sandbox/${id}` },
          ...{
            reason: REASON.reason,
            requestId: expect.any(String),
            details: { previousOutcome: 'applied' },
          },
        },
      ],
      nextCursor: null,
    });
  });

  test('a parked webhook stays parked when it is replayed, until it agrees', async () => {
    const { payment, id } = await parked();
    const path = `/v1/admin/webhooks/sandbox/${id}/replay`;
    expect((await admin().post<WebhookBody>(path, REASON)).body).toMatchObject({ outcome: 'parked' });
    await payments.service.query('UPDATE webhook_event SET reported_minor = 27280 WHERE id = $1', [id]);
    expect((await admin().post<WebhookBody>(path, REASON)).body).toMatchObject({
      ...{ outcome: 'applied', parkReason: null, paymentId: payment.id },
    });
  });

  test('a replay without an answer of the provider stays due', async () => {
    const { id } = await parked();
    // Not only as often as the replay reads: the search for disputes reads as well.
    await payments.sandbox.faults({ route: 'read', kind: 'fail', times: 1_000 });
    const { body } = await admin().post<WebhookBody>(`/v1/admin/webhooks/sandbox/${id}/replay`, REASON);
    await payments.sandbox.faults();
    expect(body).toMatchObject({ outcome: null, dueAt: expect.any(String) });
    await webhookBecomes(payments, id, 'parked', 'amount_differs');
  });

  test('dismiss closes a parked webhook, and reconciliation no longer reports it', async () => {
    const { payment, id } = await parked();
    const reported = async () =>
      (await payments.reconcile()).differences.filter((each) => each.paymentId === payment.id);
    expect(await reported()).toMatchObject([
      { kind: 'webhook.parked', expectedMinor: 27_280, foundMinor: 1 },
    ]);
    const path = `/v1/admin/webhooks/sandbox/${id}/dismiss`;
    expect(await admin().post(path, REASON)).toMatchObject({ status: 200, body: { outcome: 'dismissed' } });
    expect(await reported()).toEqual([]);
    expectProblem(await admin().post(path, REASON), 409, 'webhook.not_parked');
    const log = await admin().get(`/v1/admin/payments/audit-log?subjectId=sandbox/${id}`);
    expect(log.body.data).toMatchObject([
      { action: 'webhook.dismiss', adminId: payments.admin.id, paymentId: payment.id, ...REASON },
    ]);
    expect(await storedWebhook(payments, id)).toMatchObject({ park_reason: 'amount_differs' });
  });

  test('of since and from, the later one counts', async () => {
    await parked();
    const found = async (query: string) =>
      (await admin().get<{ data: unknown[] }>(`/v1/admin/webhooks?${query}`)).body.data.length;
    const [early, late] = ['2020-01-01T00:00:00Z', '2100-01-01T00:00:00Z'];
    expect(await found(`since=${early}&from=${early}`)).toBeGreaterThan(0);
    expect(await found(`since=${late}&from=${early}`)).toBe(0);
    expect(await found(`since=${early}&from=${late}`)).toBe(0);
  });

  test('404 for an unknown webhook, 503 for one of a provider that is not enabled', async () => {
    const unknown = `/v1/admin/webhooks/sandbox/evt_${randomUUID()}`;
    expectProblem(await admin().get(unknown), 404, 'webhook.not_found');
    expectProblem(await admin().post(`${unknown}/replay`, REASON), 404, 'webhook.not_found');
    expectProblem(await admin().post(`${unknown}/dismiss`, REASON), 404, 'webhook.not_found');
    const replay = (id: string) => admin().post(`/v1/admin/webhooks/paystack/${id}/replay`, REASON);
    expectProblem(await replay('1'), 404, 'webhook.not_found');
    const { id } = await parked();
    await payments.service.query(`UPDATE webhook_event SET provider = 'paystack' WHERE id = $1`, [id]);
    expectProblem(await replay(id), 503, 'payment.provider_unavailable');
  });

  test.each<[string, string]>([
    ['limit=0', 'limit'],
    ['outcome=lost', 'outcome'],
    ['provider=bank', 'provider'],
    ['paymentId=x', 'paymentId'],
    ['since=yesterday', 'since'],
    ['from=yesterday', 'from'],
    ['to=tomorrow', 'to'],
    ['cursor=x', 'cursor'],
    ['unknown=1', 'unknown'],
  ])('400 for ?%s', async (query) => {
    expectProblem(await admin().get(`/v1/admin/webhooks?${query}`), 400, 'request.invalid');
  });

  test('401 without a token, 403 for guests and hosts, 400 without a reason', async () => {
    const path = '/v1/admin/webhooks';
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    const host = payments.service.as(testUser({ roles: ['host'] }));
    expectProblem(await host.get(path), 403, 'auth.forbidden');
    expectProblem(await host.post(`${path}/sandbox/x/replay`, REASON), 403, 'auth.forbidden');
    expectProblem(await admin().post(`${path}/sandbox/x/replay`, {}), 400, 'request.invalid', '/reason');
  });
});
