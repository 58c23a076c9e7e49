import { aSandbox, type Intent, type Sandbox } from './sandbox.fixture.js';

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

  test('finds an intent by its metadata', async () => {
    const body = { amountMinor: 5, currency: 'JPY', metadata: { paymentId: 'one', bookingId: 'b:1' } };
    const created = await sandbox.post('/v1/payment-intents', body);
    await sandbox.post('/v1/payment-intents', { ...body, metadata: { paymentId: 'two' } });
    const found = await sandbox.get<Page>('/v1/payment-intents?metadata=paymentId:one');
    expect(found.body.data).toEqual([created.body]);
    const colon = await sandbox.get<Page>('/v1/payment-intents?metadata=bookingId:b:1');
    expect(colon.body.data).toEqual([created.body]);
  });

  test('returns every intent once over all pages', async () => {
    for (let n = 0; n < 5; n += 1) await sandbox.anIntent();
    const ids: string[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page: Page = (await sandbox.get<Page>(`/v1/payment-intents?limit=2&after=${after}`)).body;
      ids.push(...page.data.map((intent) => intent.id));
      after = page.nextAfter;
    }
    expect(ids.length).toBeGreaterThanOrEqual(5);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(['limit=0', 'limit=1000', 'after=-1', 'metadata=nocolon'])('rejects %s', async (query) => {
    expect((await sandbox.get(`/v1/payment-intents?${query}`)).status).toBe(400);
  });

  test('health and metrics respond', async () => {
    expect(await sandbox.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await sandbox.get<string>('/metrics')).body).toContain('roost_sandbox_answers_total');
  });
});
