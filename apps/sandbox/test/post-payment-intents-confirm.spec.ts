import { eventually } from '@roost/testing';
import { aSandbox, type Intent, type Sandbox } from './sandbox.fixture.js';

describe('POST /v1/payment-intents/{id}/confirm', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await aSandbox();
  });
  afterAll(() => sandbox.close());

  const confirm = (id: string, paymentMethod: string, headers?: Record<string, string>) =>
    sandbox.post<Intent & { error?: { code: string; intent: Intent } }>(
      `/v1/payment-intents/${id}/confirm`,
      { paymentMethod },
      headers,
    );

  test('charges an automatic intent at once', async () => {
    const intent = await sandbox.anIntent();
    expect(intent.status).toBe('requires_payment_method');
    const confirmed = await confirm(intent.id, 'pm_card_visa');
    expect(confirmed).toMatchObject({ status: 200, body: { status: 'succeeded', capturedMinor: 10_000 } });
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('authorizes a manual intent, and charges it once at its capture', async () => {
    const intent = await sandbox.anIntent('manual');
    const held = await confirm(intent.id, 'pm_card_visa');
    expect(held.body).toMatchObject({
      status: 'requires_capture',
      authorizedMinor: 10_000,
      capturedMinor: 0,
    });
    expect(Date.parse(held.body.captureBefore ?? '')).toBeGreaterThan(Date.now());
    expect(await sandbox.books(intent.id)).toEqual([]);
    expect((await sandbox.post(`/v1/payment-intents/${intent.id}/capture`)).body.status).toBe('succeeded');
    expect((await sandbox.post(`/v1/payment-intents/${intent.id}/capture`)).status).toBe(409);
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test.each([
    ['pm_card_chargeDeclined', 'card_declined'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
  ])('declines %s and accepts another card afterwards', async (card, code) => {
    const intent = await sandbox.anIntent();
    const declined = await confirm(intent.id, card);
    expect(declined).toMatchObject({
      status: 402,
      body: { error: { code, intent: { status: 'requires_payment_method' } } },
    });
    expect(await sandbox.books(intent.id)).toEqual([]);
    expect((await confirm(intent.id, 'pm_card_visa')).body.status).toBe('succeeded');
  });

  test.each([
    ['approve', 'succeeded', null],
    ['refuse', 'requires_payment_method', 'authentication_failed'],
  ])('a card that requires authentication, outcome %s', async (outcome, status, errorCode) => {
    const intent = await sandbox.anIntent();
    const waiting = await confirm(intent.id, 'pm_card_authenticationRequired');
    expect(waiting.body.status).toBe('requires_action');
    const page = waiting.body.redirectUrl ?? '';
    const form = await fetch(page);
    expect(await form.text()).toContain('Approve');
    const challenge = new URL(page).searchParams.get('challenge') ?? '';
    const rejected = await sandbox.post(`/authenticate/${intent.id}`, {
      challenge: 'guess',
      outcome: 'approve',
    });
    expect(rejected.status).toBe(404);
    const submitted = await fetch(`${sandbox.url}/authenticate/${intent.id}`, {
      method: 'POST',
      body: new URLSearchParams({ challenge, outcome }),
    });
    expect(submitted.status).toBe(200);
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body).toMatchObject({ status, errorCode });
  });

  test('charges pm_sandbox_timeoutAfterCharge without a response, and replays the charge for the same key', async () => {
    const intent = await sandbox.anIntent();
    const key = { 'idempotency-key': `confirm-${intent.id}` };
    await expect(confirm(intent.id, 'pm_sandbox_timeoutAfterCharge', key)).rejects.toThrow();
    const again = await confirm(intent.id, 'pm_sandbox_timeoutAfterCharge', key);
    expect(again).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('charges and disputes pm_card_createDispute, and a won dispute is reversed', async () => {
    const intent = await sandbox.anIntent();
    expect((await confirm(intent.id, 'pm_card_createDispute')).body).toMatchObject({ dispute: 'open' });
    await sandbox.post(`/control/payment-intents/${intent.id}/disputes/won`);
    expect(await sandbox.books(intent.id)).toEqual([
      ['charge', 10_000],
      ['dispute', -10_000],
      ['dispute_reversal', 10_000],
    ]);
  });

  test('charges once for 100 concurrent requests with one key', async () => {
    const intent = await sandbox.anIntent();
    const responses = await Promise.all(
      Array.from({ length: 100 }, () => confirm(intent.id, 'pm_card_visa', { 'idempotency-key': intent.id })),
    );
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('rejects a key that was used for another request', async () => {
    const intent = await sandbox.anIntent();
    const key = { 'idempotency-key': `twice-${intent.id}` };
    await confirm(intent.id, 'pm_card_chargeDeclined', key);
    expect(await confirm(intent.id, 'pm_card_visa', key)).toMatchObject({
      status: 400,
      body: { error: { code: 'idempotency_key_reused' } },
    });
  });

  test.each([
    ['silent', 'succeeded'],
    ['lost', 'requires_payment_method'],
  ])('with the fault %s the connection is closed and the intent is %s', async (kind, status) => {
    const intent = await sandbox.anIntent();
    await expect(confirm(intent.id, 'pm_card_visa', { 'sandbox-fault': kind })).rejects.toThrow();
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body.status).toBe(status);
  });

  test('applies a planned fault as often as planned', async () => {
    const intent = await sandbox.anIntent();
    await sandbox.request('PUT', '/control/faults', [{ route: 'confirm', kind: 'fail', times: 1 }]);
    expect((await confirm(intent.id, 'pm_card_visa')).status).toBe(503);
    expect((await confirm(intent.id, 'pm_card_visa')).status).toBe(200);
  });

  test('sends a webhook for each change', async () => {
    const intent = await sandbox.anIntent('manual');
    await confirm(intent.id, 'pm_card_visa');
    await sandbox.post(`/v1/payment-intents/${intent.id}/cancel`);
    await eventually(() =>
      expect(sandbox.received.filter(({ event }) => event.data.intent.id === intent.id)).toHaveLength(2),
    );
  });

  test.each<[string, unknown, number]>([
    ['an unknown card', { paymentMethod: 'pm_card_mine' }, 400],
    ['a missing card', {}, 400],
    ['a number as the card', { paymentMethod: 7 }, 400],
    ['an unknown field', { paymentMethod: 'pm_card_visa', amountMinor: 1 }, 400],
    ['a NUL byte', { paymentMethod: 'pm_card_visa\0' }, 400],
    ['malformed JSON', '{"paymentMethod":', 400],
  ])('rejects %s', async (_name, body, status) => {
    const intent = await sandbox.anIntent();
    expect((await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, body)).status).toBe(status);
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body.status).toBe(
      'requires_payment_method',
    );
  });

  test('404 for an unknown intent', async () => {
    expect((await confirm('pi_unknown', 'pm_card_visa')).status).toBe(404);
  });
});
