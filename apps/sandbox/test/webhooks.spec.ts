import { createHmac } from 'node:crypto';
import { SECRET, aSandbox, until, type Sandbox } from './sandbox.js';

describe('webhooks', () => {
  let sandbox: Sandbox;
  let answer = 200;
  beforeEach(async () => {
    answer = 200;
    sandbox = await aSandbox({ answer: () => answer });
  });
  afterEach(() => sandbox.close());

  async function charge(): Promise<string> {
    const intent = await sandbox.anIntent();
    await sandbox.post(`/v1/payment-intents/${intent.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    return intent.id;
  }
  const switches = (wanted: object) => sandbox.ask('PUT', '/control/switches', wanted);

  test('are signed over time and raw body', async () => {
    await charge();
    await until(() => sandbox.heard.length === 1);
    const { signature, raw } = sandbox.heard[0]!;
    const t = /^t=(\d+),v1=[0-9a-f]{64}$/.exec(signature)?.[1] ?? '';
    expect(signature).toBe(`t=${t},v1=${createHmac('sha256', SECRET).update(`${t}.${raw}`).digest('hex')}`);
    expect(Math.abs(Number(t) - Date.now() / 1_000)).toBeLessThan(60);
  });

  test('are sent again until somebody says yes, also over a restart', async () => {
    answer = 500;
    await charge();
    await until(() => sandbox.heard.length === 1);
    await sandbox.restart();
    answer = 200;
    await until(() => sandbox.heard.length >= 2);
    expect(new Set(sandbox.heard.map((one) => one.event.id)).size).toBe(1);
    await until(async () => {
      const sent = await sandbox.get<{ data: { deliveredAt: string | null }[] }>('/control/webhooks');
      return sent.body.data.every((event) => event.deliveredAt !== null);
    });
  });

  test('can be lost', async () => {
    await switches({ drop: 1 });
    await charge();
    await switches({});
    const second = await charge();
    await until(() => sandbox.heard.length === 1);
    expect(sandbox.heard[0]!.event.data.intent.id).toBe(second);
  });

  test('can come more than once', async () => {
    await switches({ copies: 10 });
    await Promise.all(Array.from({ length: 5 }, charge));
    await until(
      () => new Set(sandbox.heard.map((one) => one.event.id)).size === 5 && sandbox.heard.length > 5,
    );
  });

  test('can overtake each other', async () => {
    await switches({ shuffleMs: 1_500 });
    const made: string[] = [];
    for (let n = 0; n < 12; n += 1) made.push(await charge());
    await until(() => sandbox.heard.length === 12);
    const order = sandbox.heard.map((one) => one.event.data.intent.id);
    expect(order).not.toEqual(made);
    expect([...order].sort()).toEqual([...made].sort());
  });

  test.each([
    { drop: 2 },
    { copies: 0 },
    { delayMs: -1 },
    { unknown: true },
    { webhookUrl: 'file:///etc/passwd' },
  ])('switches %j are refused', async (wanted) => {
    expect((await switches(wanted)).status).toBe(400);
  });
});
