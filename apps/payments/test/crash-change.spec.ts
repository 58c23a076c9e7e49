import { runsAllFaults, testUser } from '@roost/testing';
import { KillablePayments } from './killable-payments.fixture.js';
import { aBooking, aChange, LONGER, type PaymentBody, SHORTER } from './payments.fixture.js';

/** Some points in every run. `ROOST_FAULTS=all` kills at each provider call and around each commit. */
const calls = {
  create: 1,
  confirm: 2,
  'create for the change': 3,
  'confirm of the change': 4,
  'first refund': 5,
  'second refund': 6,
};
const chosen = runsAllFaults
  ? Object.entries(calls)
  : Object.entries(calls).filter(([name]) => name === 'second refund');
const commits = runsAllFaults ? Array.from({ length: 24 }, (_, n) => n + 1) : [];
const points: [string, string][] = [
  ...chosen.flatMap(([name, number]): [string, string][] => [
    [`before the ${name}`, `payments.before-provider:kill#${number}`],
    [`after the ${name}`, `payments.after-provider:kill#${number}`],
  ]),
  ['after the capture for the change, before it is recorded', 'payments.after-capture:kill#2'],
  ...commits.flatMap((commit): [string, string][] => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
];

describe('kill -9 during a change of a booking', () => {
  let payments: KillablePayments;
  beforeAll(async () => {
    payments = await KillablePayments.start();
  });
  afterAll(() => payments.stop());

  test.each(points)(
    '%s: charges each payment once, refunds both once, and all books agree',
    async (_name, point) => {
      const killsBefore = payments.kills;
      await payments.arm(point);
      const guest = testUser();
      const booking = { ...aBooking({ guest }), state: 'confirmed' as const, holdExpiresAt: null };
      const due = (purpose: string, status: string) =>
        payments.retry(async (as) => {
          const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
          expect({ purpose: body.purpose, status: body.status }).toEqual({ purpose, status });
          return body;
        });
      const pay = async (purpose: string) => {
        const { id } = await due(purpose, 'requires_payment_method');
        await payments.retry(async (as) => {
          const card = { paymentMethod: 'pm_card_visa' };
          expect((await as(guest).post(`/v1/payments/${id}/confirm`, card)).status).toBe(200);
        });
        await due(purpose, 'captured');
        return id;
      };

      await payments.deliver('booking.created', { ...booking, state: 'pending_payment' });
      const original = await pay('booking');
      await payments.deliver('booking.confirmed', { ...booking, late: false });
      const longer = aChange(booking, LONGER);
      await payments.deliver('booking.change-accepted', longer);
      const added = await pay('change');
      await payments.deliver('booking.change-applied', { ...longer, ...LONGER });
      const shorter = aChange({ ...booking, ...LONGER }, SHORTER);
      await payments.deliver('booking.change-accepted', shorter);
      await payments.deliver('booking.change-applied', { ...shorter, ...SHORTER });
      for (const [id, status] of [
        [added, 'refunded'],
        [original, 'partially_refunded'],
      ] as const) {
        await payments.retry(async (as) => {
          expect((await as(guest).get<PaymentBody>(`/v1/payments/${id}`)).body.status).toBe(status);
        });
      }

      expect(payments.kills).toBe(killsBefore + 1);
      expect(await payments.published(booking.bookingId)).toEqual({
        'payment.captured': 2,
        'payment.created': 2,
        'payment.refunded': 2,
      });
      for (const [id, charge] of [
        [original, 27_280],
        [added, 12_400],
      ] as const) {
        const intent = await payments.sandbox.intentOf(id);
        expect(await payments.sandbox.books(intent.id)).toEqual([
          ['charge', charge],
          ['refund', -12_400],
        ]);
      }
      expect(await payments.balances(booking.bookingId)).toEqual({
        host_payable: -11_640,
        platform_revenue: -2_040,
        provider_clearing: 14_880,
        tax_payable: -1_200,
      });
      await payments.agreed();
    },
    90_000,
  );
});
