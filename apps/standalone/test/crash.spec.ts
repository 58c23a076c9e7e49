import { once } from 'node:events';
import { jest } from '@jest/globals';
import { eventually, TestClient } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { Marketplace } from './marketplace.fixture.js';
import { Operator } from './operator.fixture.js';
import { freshEnvironment, stopAll, type Env, type Run, run } from './launcher.js';

jest.setTimeout(180_000);

// The first call of the provider creates the payment, the second one charges; bookings receives an event of both.
const CASES = [
  ['before the call of the provider', 'payments.before-provider:kill#2'],
  ['after the response of the provider', 'payments.after-provider:kill#2'],
  ['between the capture and its storage', 'payments.after-capture:kill'],
  [
    'after the confirmation of the booking, before its event is marked as handled',
    'bookings.after-handler:kill#2',
  ],
] as const;

interface History {
  state: string;
  history: { event: string }[];
}

const ROOST = new URL('./fault-on-request.fixture.ts', import.meta.url).pathname;

let env: Env;
let operator: Operator;
let roost: Run;
let market: Marketplace;

async function start(): Promise<void> {
  const settings = {
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'fatal',
    // The claims of a killed process expire soon.
    PROVIDER_TIMEOUT_SECONDS: '2',
    PAYMENT_CHECK_SECONDS: '1',
  };
  roost = run({ ...env, ...settings }, ROOST);
  await roost.prints('Roost is ready');
}

async function setFault(fault: string): Promise<void> {
  const isSet = once(roost.child, 'message');
  roost.child.send(fault);
  await isSet;
}

beforeAll(async () => {
  env = await freshEnvironment();
  operator = new Operator(env);
  await start();
  market = await Marketplace.prepare(new TestClient(`http://127.0.0.1:${env.PORT}`));
});

afterAll(async () => {
  operator?.stop();
  await stopAll();
});

test.each(CASES)(
  'killed %s: after a restart the booking is confirmed once, and all ledgers agree',
  async (_moment, point) => {
    // Each case runs in the Roost that the previous one has restarted.
    await setFault(point);
    const { booking, payment } = await market.book();
    const { guest, admin } = market;
    const pay = () => market.confirm(payment.id, 'pm_card_visa', { 'idempotency-key': `pay-${booking.id}` });
    await pay().catch(() => undefined);
    expect(await roost.ends()).toBeNull();
    expect(roost.child.signalCode).toBe('SIGKILL');

    await start();
    // A client retries a call without a response.
    await eventually(
      async () => expect([200, 409]).toContain((await pay().catch(() => ({ status: 0 }))).status),
      { seconds: 40 },
    );
    await eventually(
      async () => {
        const now = await guest.get<History>(`/v1/bookings/${booking.id}`);
        expect(now.body.state).toBe('confirmed');
        expect(now.body.history.filter(({ event }) => event === 'payment_captured')).toHaveLength(1);
      },
      { seconds: 40 },
    );
    const payments = await guest.get<{ data: { status: string }[] }>(`/v1/bookings/${booking.id}/payments`);
    expect(payments.body.data.map(({ status }) => status)).toEqual(['captured']);
    await expectAgreement(operator);
    const ledger = await admin.get<{ data: { balanceMinor: number }[] }>('/v1/admin/ledger/accounts');
    expect(ledger.body.data.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0)).toBe(0);
    // The claims of the killed process are finished, before the next fault is set.
    await eventually(
      async () => {
        const pending = "SELECT kind FROM payment_operation WHERE status = 'pending'";
        expect(await operator.query('payments', pending)).toEqual([]);
      },
      { seconds: 40 },
    );
  },
);

test('the restarted Roost stops with exit code 0', async () => {
  expect(await roost.ends('SIGTERM')).toBe(0);
});
