import { aSandbox, type Sandbox } from './sandbox.fixture.js';

describe('POST /v1/refunds', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await aSandbox();
  });
  afterAll(() => sandbox.close());

  async function givenCharge(): Promise<string> {
    const intent = await sandbox.anIntent();
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    return intent.id;
  }
  const refund = (intentId: string, amountMinor: number, headers?: Record<string, string>) =>
    sandbox.post<{ id: string; amountMinor: number }>('/v1/refunds', { intentId, amountMinor }, headers);

  test('fifty concurrent refunds never exceed the capture', async () => {
    const id = await givenCharge();
    const responses = await Promise.all(Array.from({ length: 50 }, () => refund(id, 300)));
    expect(responses.filter((response) => response.status === 201)).toHaveLength(33);
    expect(responses.filter((response) => response.status === 409)).toHaveLength(17);
    expect((await sandbox.get(`/v1/payment-intents/${id}`)).body.refundedMinor).toBe(9_900);
    const books = await sandbox.books(id);
    expect(books.reduce((total, [, amount]) => total + Number(amount), 0)).toBe(100);
  });

  test('a refund that waits for the opening of a dispute is rejected because of it', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await givenCharge();
      const [opened, ...refunds] = await Promise.all([
        sandbox.post(`/control/payment-intents/${id}/disputes/open`, { amountMinor: 9_500 }),
        ...Array.from({ length: 4 }, () =>
          sandbox.post<object>('/v1/refunds', { intentId: id, amountMinor: 1_000 }),
        ),
      ]);
      expect(opened.status).toBe(200);
      for (const { status, body } of refunds)
        if (status !== 201)
          expect({ status, body }).toMatchObject({
            status: 409,
            body: { error: { code: 'charge_disputed' } },
          });
    }
  });

  test('refunds once for one key, and returns the refund by intent and by key', async () => {
    const id = await givenCharge();
    const key = { 'idempotency-key': `refund-${id}` };
    const [first, second] = [await refund(id, 4_000, key), await refund(id, 4_000, key)];
    expect(second.body).toEqual(first.body);
    const listed = await sandbox.get<{ data: object[] }>(`/v1/payment-intents/${id}/refunds`);
    expect(listed.body.data).toEqual([first.body]);
    const stored = await sandbox.get<object>(`/v1/idempotency-keys/refund-${id}`);
    expect(stored.body).toEqual({ status: 201, body: first.body });
  });

  test('a paid refund that the bank returns fails once, and its amount can be refunded again', async () => {
    const id = await givenCharge();
    const { body } = await refund(id, 4_000);
    const path = `/control/refunds/${body.id}/failed`;
    expect(await sandbox.post(path, {})).toMatchObject({ status: 200, body: { status: 'failed' } });
    expect((await sandbox.post(path, {})).status).toBe(409);
    expect((await sandbox.get(`/v1/payment-intents/${id}`)).body.refundedMinor).toBe(0);
    const books = await sandbox.books(id);
    expect(books.slice(1)).toEqual([
      ['refund', -4_000],
      ['refund', 4_000],
    ]);
    expect((await refund(id, 10_000)).status).toBe(201);
  });

  test('rejects a refund of an intent that is not captured', async () => {
    const intent = await sandbox.anIntent('manual');
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    expect((await refund(intent.id, 1)).status).toBe(409);
  });

  test.each([0, -1, 1.5, 1e13, '5'])('rejects an amount of %p', async (amount) => {
    const response = await sandbox.post('/v1/refunds', {
      intentId: await givenCharge(),
      amountMinor: amount,
    });
    expect(response.status).toBe(400);
  });
});
