import { aSandbox, until, type Intent, type Sandbox } from './sandbox.js';

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

  test('an automatic intent is charged at once', async () => {
    const intent = await sandbox.anIntent();
    expect(intent.status).toBe('requires_payment_method');
    const confirmed = await confirm(intent.id, 'pm_card_visa');
    expect(confirmed).toMatchObject({ status: 200, body: { status: 'succeeded', capturedMinor: 10_000 } });
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('a manual intent is held: no money moves until it is captured, once', async () => {
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
  ])('%s is declined and may be followed by a better card', async (card, code) => {
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
  ])('a card that wants authentication, and the guest says %s', async (outcome, status, errorCode) => {
    const intent = await sandbox.anIntent();
    const waiting = await confirm(intent.id, 'pm_card_authenticationRequired');
    expect(waiting.body.status).toBe('requires_action');
    const page = waiting.body.redirectUrl ?? '';
    const shown = await fetch(page);
    expect(await shown.text()).toContain('Approve');
    const challenge = new URL(page).searchParams.get('challenge') ?? '';
    const wrong = await sandbox.post(`/authenticate/${intent.id}`, {
      challenge: 'guess',
      outcome: 'approve',
    });
    expect(wrong.status).toBe(404);
    const said = await fetch(`${sandbox.url}/authenticate/${intent.id}`, {
      method: 'POST',
      body: new URLSearchParams({ challenge, outcome }),
    });
    expect(said.status).toBe(200);
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body).toMatchObject({ status, errorCode });
  });

  test('pm_sandbox_timeoutAfterCharge charges and never answers; the same key finds that charge', async () => {
    const intent = await sandbox.anIntent();
    const key = { 'idempotency-key': `confirm-${intent.id}` };
    await expect(confirm(intent.id, 'pm_sandbox_timeoutAfterCharge', key)).rejects.toThrow();
    const again = await confirm(intent.id, 'pm_sandbox_timeoutAfterCharge', key);
    expect(again).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('pm_card_createDispute is charged and then disputed, and the dispute can be won', async () => {
    const intent = await sandbox.anIntent();
    expect((await confirm(intent.id, 'pm_card_createDispute')).body).toMatchObject({ dispute: 'open' });
    await sandbox.post(`/control/payment-intents/${intent.id}/disputes/won`);
    expect(await sandbox.books(intent.id)).toEqual([
      ['charge', 10_000],
      ['dispute', -10_000],
      ['dispute_reversal', 10_000],
    ]);
  });

  test('a hundred times at once with one key is one charge', async () => {
    const intent = await sandbox.anIntent();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => confirm(intent.id, 'pm_card_visa', { 'idempotency-key': intent.id })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(await sandbox.books(intent.id)).toEqual([['charge', 10_000]]);
  });

  test('one key for two requests is refused', async () => {
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
  ])('told to be %s, the connection dies and the intent is %s', async (kind, status) => {
    const intent = await sandbox.anIntent();
    await expect(confirm(intent.id, 'pm_card_visa', { 'sandbox-fault': kind })).rejects.toThrow();
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body.status).toBe(status);
  });

  test('a planned fault strikes as often as planned', async () => {
    const intent = await sandbox.anIntent();
    await sandbox.ask('PUT', '/control/faults', [{ route: 'confirm', kind: 'fail', times: 1 }]);
    expect((await confirm(intent.id, 'pm_card_visa')).status).toBe(503);
    expect((await confirm(intent.id, 'pm_card_visa')).status).toBe(200);
  });

  test('what happened is told to the webhook', async () => {
    const intent = await sandbox.anIntent('manual');
    await confirm(intent.id, 'pm_card_visa');
    await sandbox.post(`/v1/payment-intents/${intent.id}/cancel`);
    await until(() => sandbox.heard.filter((one) => one.event.data.intent.id === intent.id).length === 2);
  });

  test.each<[string, unknown, number]>([
    ['an unknown card', { paymentMethod: 'pm_card_mine' }, 400],
    ['no card', {}, 400],
    ['a number for a card', { paymentMethod: 7 }, 400],
    ['an unknown field', { paymentMethod: 'pm_card_visa', amountMinor: 1 }, 400],
    ['a NUL byte', { paymentMethod: 'pm_card_visa\0' }, 400],
    ['malformed JSON', '{"paymentMethod":', 400],
  ])('%s is refused', async (_name, body, status) => {
    const intent = await sandbox.anIntent();
    expect((await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, body)).status).toBe(status);
    expect((await sandbox.get(`/v1/payment-intents/${intent.id}`)).body.status).toBe(
      'requires_payment_method',
    );
  });

  test('an unknown intent is 404', async () => {
    expect((await confirm('pi_nobody', 'pm_card_visa')).status).toBe(404);
  });
});
