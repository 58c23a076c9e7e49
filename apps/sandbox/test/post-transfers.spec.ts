import { eventually } from '@roost/testing';
import { aSandbox, type Sandbox } from './sandbox.fixture.js';

interface Transfer {
  id: string;
  status: string;
  amountMinor: number;
  errorCode: string | null;
}

describe('POST /v1/transfers', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await aSandbox();
    const intent = await sandbox.anIntent('automatic', 10_000);
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
  });
  afterAll(() => sandbox.close());

  const transfer = (body: object = {}, headers?: Record<string, string>) =>
    sandbox.post<Transfer>(
      '/v1/transfers',
      { destination: 'acct_host', amountMinor: 100, currency: 'USD', ...body },
      headers,
    );
  const balance = async () => {
    const { body } = await sandbox.get<{ data: { currency: string; amountMinor: number }[] }>('/v1/books');
    return body.data
      .filter(({ currency }) => currency === 'USD')
      .reduce((total, { amountMinor }) => total + amountMinor, 0);
  };
  const received = (type: string, id: string) =>
    sandbox.received.filter(({ event }) => {
      const { transfer: subject } = event.data as unknown as { transfer?: { id: string } };
      return event.type === type && subject?.id === id;
    });

  test('transfers once per key, sends a webhook, and reduces the balance', async () => {
    const before = await balance();
    const key = { 'idempotency-key': 'payout-one' };
    const metadata = { payoutId: 'one' };
    const first = await transfer({ metadata }, key);
    const again = await transfer({ metadata }, key);
    expect(first).toMatchObject({ status: 201, body: { status: 'paid', errorCode: null } });
    expect(again.body).toEqual(first.body);
    expect(await balance()).toBe(before - 100);
    expect(await sandbox.books(first.body.id)).toEqual([['transfer', -100]]);
    const found = await sandbox.get<{ data: Transfer[] }>('/v1/transfers?metadata=payoutId:one');
    expect(found.body.data).toEqual([first.body]);
    expect((await sandbox.get<Transfer>(`/v1/transfers/${first.body.id}`)).body).toEqual(first.body);
    await eventually(() => expect(received('transfer.paid', first.body.id)).toHaveLength(1));
  });

  test('a planned failure leaves the balance unchanged', async () => {
    const before = await balance();
    await sandbox.request('PUT', '/control/transfers', { outcome: 'failed', errorCode: 'account_closed' });
    const failed = await transfer();
    expect(failed.body).toMatchObject({ status: 'failed', errorCode: 'account_closed' });
    expect(await balance()).toBe(before);
    expect((await transfer()).body.status).toBe('paid');
  });

  test('a pending transfer ends later, and a paid one can return', async () => {
    const before = await balance();
    await sandbox.request('PUT', '/control/transfers', { outcome: 'pending' });
    const { id, status } = (await transfer()).body;
    expect(status).toBe('pending');
    const finish = (outcome: string) => sandbox.post<Transfer>(`/control/transfers/${id}/${outcome}`);
    expect((await finish('paid')).body.status).toBe('paid');
    expect((await finish('paid')).status).toBe(409);
    expect(await balance()).toBe(before - 100);
    expect((await finish('failed')).body.status).toBe('failed');
    expect(await balance()).toBe(before);
  });

  test('concurrent transfers never exceed the balance', async () => {
    const before = await balance();
    const amountMinor = Math.floor(before / 3);
    const responses = await Promise.all(Array.from({ length: 10 }, () => transfer({ amountMinor })));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(responses.filter(({ status }) => status === 409)).toHaveLength(7);
    expect(await balance()).toBe(before - 3 * amountMinor);
  });

  test('returns every transfer once over all pages', async () => {
    const ids: string[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page: { data: Transfer[]; nextAfter: number | null } = (
        await sandbox.get<{ data: Transfer[]; nextAfter: number | null }>(
          `/v1/transfers?limit=2&after=${after}`,
        )
      ).body;
      ids.push(...page.data.map(({ id }) => id));
      after = page.nextAfter;
    }
    expect(ids.length).toBeGreaterThanOrEqual(5);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    [{ amountMinor: 0 }, 400],
    [{ amountMinor: 1.5 }, 400],
    [{ currency: 'usd' }, 400],
    [{ destination: 'RCP_1' }, 400],
    [{ amountMinor: 1_000_000 }, 409],
  ])('rejects %j with %i', async (body, status) => {
    expect((await transfer(body)).status).toBe(status);
  });

  test('404 for an unknown transfer', async () => {
    expect((await sandbox.get('/v1/transfers/tr_unknown')).status).toBe(404);
  });
});
