import { runsAllFaults, testUser } from '@roost/testing';
import { KillablePayments } from './killable-payments.fixture.js';
import { aBooking, type PaymentBody } from './payments.fixture.js';
import { type PayoutBody, SHARE } from './payouts.fixture.js';

/** One point of each kind in every run. `ROOST_FAULTS=all` kills around each commit. */
const commits = runsAllFaults ? [1, 2, 3, 4] : [1];
const points = [
  ['before the transfer', 'payments.before-transfer:kill'],
  ['after the transfer, before it is recorded', 'payments.after-transfer:kill'],
  ...commits.flatMap((commit) => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
] as [string, string][];

const DAY_MS = 24 * 60 * 60_000;

describe('kill -9 during a payout', () => {
  let payments: KillablePayments;
  beforeAll(async () => {
    payments = await KillablePayments.start();
  });
  afterAll(() => payments.stop());

  test.each(points)(
    '%s: pays the host once, publishes each event once, and all books agree',
    async (_name, point) => {
      const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
      const reference = `acct_${host.id.slice(0, 8)}`;
      const now = await payments.retry(async (as) => {
        const account = { provider: 'sandbox', currency: 'USD', reference };
        expect((await as(host).put('/v1/me/payout-account', account)).status).toBe(200);
        return new Date((await as(host).post<{ now: string }>('/dev/clock', { advance: 'PT0S' })).body.now);
      });
      const at = (days: number) => new Date(now.getTime() + days * DAY_MS).toISOString();
      const booking = aBooking({ guest, host, payoutDueAt: at(5), holdExpiresAt: at(1) });
      await payments.deliver('booking.created', booking);
      await payments.retry(async (as) => {
        const path = `/v1/bookings/${booking.bookingId}/payment`;
        const { body } = await as(guest).get<PaymentBody>(path);
        const card = { paymentMethod: 'pm_card_visa' };
        expect((await as(guest).post(`/v1/payments/${body.id}/confirm`, card)).status).toBe(200);
      });
      await payments.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
      const killsBefore = payments.kills;
      await payments.arm(point);
      const payout = await payments.retry(async (as) => {
        await as(host).post('/dev/clock', { set: at(6) });
        const { body } = await as(host).get<{ data: PayoutBody[] }>('/v1/me/payouts');
        expect(body.data.map(({ status, amountMinor }) => [status, amountMinor])).toEqual([['paid', SHARE]]);
        return body.data[0];
      });

      expect(payments.kills).toBe(killsBefore + 1);
      const { data } = await payments.sandbox.request<{ data: { id: string; destination: string }[] }>(
        'GET',
        `/v1/transfers?metadata=payoutId:${payout?.id}`,
      );
      expect(data.map(({ destination }) => destination)).toEqual([reference]);
      expect(await payments.sandbox.books(data[0]?.id ?? '')).toEqual([['transfer', -SHARE]]);
      const { rows } = await payments.database.query<{ type: string; count: number }>(
        `SELECT type, count(*)::int AS count FROM outbox_event WHERE body ->> 'payoutId' = $1 GROUP BY type ORDER BY type`,
        [payout?.id],
      );
      expect(rows).toEqual([
        { type: 'payout.paid', count: 1 },
        { type: 'payout.scheduled', count: 1 },
      ]);
      expect((await payments.balances(booking.bookingId))['host_payable']).toBeUndefined();
      await payments.agreed();
    },
    90_000,
  );
});
