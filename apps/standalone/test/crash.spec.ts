import { once } from 'node:events';
import { jest } from '@jest/globals';
import { eventually, TestClient } from '@roost/testing';
import { expectAgreement } from './agreement.fixture.js';
import { Operator } from './operator.fixture.js';
import { aPublishedListing } from './published-listing.js';
import { freshEnvironment, stopAll, type Env, type Run, run } from './launcher.js';

jest.setTimeout(180_000);

// The first call of the provider creates the payment, the second one charges; bookings receives an event of both.
const CASES = [
  ['before the call of the provider', 'payments.before-provider:kill#2', 20],
  ['after the response of the provider', 'payments.after-provider:kill#2', 30],
  ['between the capture and its storage', 'payments.after-capture:kill', 40],
  [
    'after the confirmation of the booking, before its event is marked as handled',
    'bookings.after-handler:kill#2',
    50,
  ],
] as const;

interface Booking {
  id: string;
  state: string;
  history: { event: string }[];
}

const ROOST = new URL('./fault-on-request.fixture.ts', import.meta.url).pathname;

let env: Env;
let operator: Operator;
let roost: Run;
let anyone: TestClient;
let guest: TestClient;
let admin: TestClient;
let listingId: string;

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
  anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  const as = async (...roles: string[]): Promise<TestClient> => {
    const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
    return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
  };
  guest = await as('guest');
  admin = await as('guest', 'admin');
  listingId = await aPublishedListing(await as('guest', 'host'));
});

afterAll(async () => {
  operator?.stop();
  await stopAll();
});

async function aBooking(daysAhead: number): Promise<Booking> {
  const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const quote = await guest.post<{ id: string }>('/v1/quotes', {
    listingId,
    checkInDate: date(daysAhead),
    checkOutDate: date(daysAhead + 2),
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  });
  expect(quote).toMatchObject({ status: 201 });
  const booking = await guest.post<Booking>('/v1/bookings', { quoteId: quote.body.id });
  expect(booking).toMatchObject({ status: 201, body: { state: 'pending_payment' } });
  return booking.body;
}

test.each(CASES)(
  'killed %s: after a restart the booking is confirmed once, and all ledgers agree',
  async (_moment, point, days) => {
    // Each case runs in the Roost that the previous one has restarted.
    await setFault(point);
    const booking = await aBooking(days);
    let paymentId = '';
    await eventually(async () => {
      const due = await guest.get<{ id: string }>(`/v1/bookings/${booking.id}/payment`);
      expect(due.status).toBe(200);
      paymentId = due.body.id;
    });
    const pay = () =>
      guest.post(
        `/v1/payments/${paymentId}/confirm`,
        { paymentMethod: 'pm_card_visa' },
        { 'idempotency-key': `pay-${booking.id}` },
      );
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
        const now = await guest.get<Booking>(`/v1/bookings/${booking.id}`);
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
