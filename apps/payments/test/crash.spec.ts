import { runsAllFaults, testUser } from '@roost/testing';
import { KillablePayments } from './killable-payments.fixture.js';
import { aBooking, type PaymentBody } from './payments.fixture.js';

/** One point of each kind in every run. `ROOST_FAULTS=all` kills at each provider call and around each commit. */
const calls = runsAllFaults ? ['create', 'confirm', 'capture', 'refund'] : ['confirm'];
const commits = runsAllFaults ? Array.from({ length: 16 }, (_, n) => n + 1) : [];
const number = { create: 1, confirm: 2, capture: 3, refund: 4 } as Record<string, number>;
const points = [
  ...calls.flatMap((call) => [
    [`before the ${call}`, `payments.before-provider:kill#${number[call]}`],
    [`after the ${call}`, `payments.after-provider:kill#${number[call]}`],
  ]),
  ['after the capture, before it is recorded', 'payments.after-capture:kill'],
  ['before a webhook is handled', 'payments.before-webhook-handled:kill'],
  ...commits.flatMap((commit) => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
] as [string, string][];

describe('kill -9 during a booking', () => {
  let payments: KillablePayments;
  beforeAll(async () => {
    payments = await KillablePayments.start();
  });
  afterAll(() => payments.stop());

  test.each(points)(
    '%s: charges once, publishes each event once, and all books agree',
    async (_name, point) => {
      const killsBefore = payments.kills;
      await payments.arm(point);
      const guest = testUser();
      const booking = aBooking({ guest, bookingMode: 'request' });
      const becomes = (status: string) =>
        payments.retry(async (as) => {
          const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
          expect(body.status).toBe(status);
          return body;
        });

      await payments.deliver('booking.created', booking);
      const { id } = await becomes('requires_payment_method');
      await payments.retry(async (as) => {
        const card = { paymentMethod: 'pm_card_visa' };
        expect((await as(guest).post(`/v1/payments/${id}/confirm`, card)).status).toBe(200);
      });
      await becomes('authorized');
      await payments.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
      await becomes('captured');
      await payments.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
      await payments.deliver('booking.cancelled', {
        ...booking,
        state: 'cancelled',
        by: 'guest',
        refundMinor: 27_280,
        refundLines: [],
        hostPenaltyMinor: 0,
      });
      await becomes('refunded');

      expect(payments.kills).toBe(killsBefore + 1);
      expect(await payments.published(booking.bookingId)).toEqual({
        'payment.authorized': 1,
        'payment.captured': 1,
        'payment.created': 1,
        'payment.refunded': 1,
      });
      const intent = await payments.sandbox.intentOf(id);
      expect(await payments.sandbox.books(intent.id)).toEqual([
        ['charge', 27_280],
        ['refund', -27_280],
      ]);
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    },
    90_000,
  );
});
