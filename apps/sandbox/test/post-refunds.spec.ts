import { aSandbox, type Sandbox } from './sandbox.js';

describe('POST /v1/refunds', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await aSandbox();
  });
  afterAll(() => sandbox.close());

  async function charged(): Promise<string> {
    const intent = await sandbox.anIntent();
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    return intent.id;
  }
  const refund = (intentId: string, amountMinor: number, headers?: Record<string, string>) =>
    sandbox.post<{ id: string; amountMinor: number }>('/v1/refunds', { intentId, amountMinor }, headers);

  test('fifty at once never give back more than was taken', async () => {
    const id = await charged();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refund(id, 300)));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(33);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(17);
    expect((await sandbox.get(`/v1/payment-intents/${id}`)).body.refundedMinor).toBe(9_900);
    const books = await sandbox.books(id);
    expect(books.reduce((total, [, amount]) => total + Number(amount), 0)).toBe(100);
  });

  test('one key is one refund, and it can be looked up by intent and by key', async () => {
    const id = await charged();
    const key = { 'idempotency-key': `refund-${id}` };
    const [first, second] = [await refund(id, 4_000, key), await refund(id, 4_000, key)];
    expect(second.body).toEqual(first.body);
    const listed = await sandbox.get<{ data: object[] }>(`/v1/payment-intents/${id}/refunds`);
    expect(listed.body.data).toEqual([first.body]);
    const known = await sandbox.get<object>(`/v1/idempotency-keys/refund-${id}`);
    expect(known.body).toEqual({ status: 201, body: first.body });
  });

  test('what was never captured can not be refunded', async () => {
    const intent = await sandbox.anIntent('manual');
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    expect((await refund(intent.id, 1)).status).toBe(409);
  });

  test.each([0, -1, 1.5, 1e13, '5'])('an amount of %p is refused', async (amount) => {
    const answer = await sandbox.post('/v1/refunds', { intentId: await charged(), amountMinor: amount });
    expect(answer.status).toBe(400);
  });
});
