import { aSandbox, type Intent, type Sandbox } from './sandbox.js';

interface Page {
  data: Intent[];
  nextAfter: number | null;
}

describe('GET /v1/payment-intents', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await aSandbox();
  });
  afterAll(() => sandbox.close());

  test('finds the intent of a payment by what its maker noted on it', async () => {
    const body = { amountMinor: 5, currency: 'JPY', metadata: { paymentId: 'one', bookingId: 'b:1' } };
    const made = await sandbox.post('/v1/payment-intents', body);
    await sandbox.post('/v1/payment-intents', { ...body, metadata: { paymentId: 'two' } });
    const found = await sandbox.get<Page>('/v1/payment-intents?metadata=paymentId:one');
    expect(found.body.data).toEqual([made.body]);
    const colon = await sandbox.get<Page>('/v1/payment-intents?metadata=bookingId:b:1');
    expect(colon.body.data).toEqual([made.body]);
  });

  test('pages through all of them', async () => {
    for (let n = 0; n < 5; n += 1) await sandbox.anIntent();
    const seen: string[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page: Page = (await sandbox.get<Page>(`/v1/payment-intents?limit=2&after=${after}`)).body;
      seen.push(...page.data.map((intent) => intent.id));
      after = page.nextAfter;
    }
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test.each(['limit=0', 'limit=1000', 'after=-1', 'metadata=nocolon'])('%s is refused', async (query) => {
    expect((await sandbox.get(`/v1/payment-intents?${query}`)).status).toBe(400);
  });

  test('health and metrics answer', async () => {
    expect(await sandbox.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await sandbox.get<string>('/metrics')).body).toContain('sandbox_answers_total');
  });
});
