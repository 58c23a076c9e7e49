import { createHmac } from 'node:crypto';
import { eventually } from '@roost/testing';
import { aSandbox, type Sandbox, SECRET } from './sandbox.fixture.js';

describe('webhooks', () => {
  let sandbox: Sandbox;
  let status = 200;
  beforeEach(async () => {
    status = 200;
    sandbox = await aSandbox({ webhookStatus: () => status });
  });
  afterEach(() => sandbox.close());

  async function charge(): Promise<string> {
    const intent = await sandbox.anIntent();
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    return intent.id;
  }
  const setSwitches = (switches: object) => sandbox.request('PUT', '/control/switches', switches);
  const eventIds = () => new Set(sandbox.received.map(({ event }) => event.id));
  const receives = (count: number) => eventually(() => expect(sandbox.received).toHaveLength(count));

  test('are signed over time and raw body', async () => {
    await charge();
    await receives(1);
    const { signature, raw } = sandbox.received[0]!;
    const t = /^t=(\d+),v1=[0-9a-f]{64}$/.exec(signature)?.[1] ?? '';
    expect(signature).toBe(`t=${t},v1=${createHmac('sha256', SECRET).update(`${t}.${raw}`).digest('hex')}`);
    expect(Math.abs(Number(t) - Date.now() / 1_000)).toBeLessThan(60);
  });

  test('are retried until a 2xx response, also over a restart', async () => {
    status = 500;
    await charge();
    // At least one: the next try comes a second later.
    await eventually(() => expect(sandbox.received.length).toBeGreaterThanOrEqual(1));
    await sandbox.restart();
    status = 200;
    await eventually(() => expect(sandbox.received.length).toBeGreaterThanOrEqual(2));
    expect(eventIds().size).toBe(1);
    await eventually(async () => {
      const { body } = await sandbox.get<{ data: { deliveredAt: string | null }[] }>('/control/webhooks');
      expect(body.data.filter(({ deliveredAt }) => deliveredAt === null)).toEqual([]);
    });
  });

  test('can be lost', async () => {
    await setSwitches({ drop: 1 });
    await charge();
    await setSwitches({});
    const second = await charge();
    await receives(1);
    expect(sandbox.received[0]!.event.data.intent.id).toBe(second);
  });

  test('can arrive more than once', async () => {
    await setSwitches({ copies: 10 });
    await Promise.all(Array.from({ length: 5 }, charge));
    await eventually(() => {
      expect(eventIds().size).toBe(5);
      expect(sandbox.received.length).toBeGreaterThan(5);
    });
  });

  test('can overtake each other', async () => {
    await setSwitches({ shuffleMs: 1_500 });
    const sent: string[] = [];
    for (let n = 0; n < 12; n += 1) sent.push(await charge());
    await receives(12);
    const order = sandbox.received.map(({ event }) => event.data.intent.id);
    expect(order).not.toEqual(sent);
    expect([...order].sort()).toEqual([...sent].sort());
  });

  test.each([
    { drop: 2 },
    { copies: 0 },
    { delayMs: -1 },
    { unknown: true },
    { webhookUrl: 'file:///etc/passwd' },
  ])('rejects the switches %j', async (switches) => {
    expect((await setSwitches(switches)).status).toBe(400);
  });
});
