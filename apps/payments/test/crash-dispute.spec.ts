import { runsAllFaults, testUser } from '@roost/testing';
import { KillablePayments } from './killable-payments.fixture.js';
import { aBooking, type PaymentBody } from './payments.fixture.js';

/** Some points in every run. `ROOST_FAULTS=all` kills around each commit. */
const commits = runsAllFaults ? Array.from({ length: 16 }, (_, n) => n + 1) : [];
const points: [string, string][] = [
  // The first webhook reports the capture, the second one the dispute.
  ['after the dispute is read, before it is recorded', 'payments.before-webhook-handled:kill#2'],
  ['after the decision is read, before it is recorded', 'payments.before-webhook-handled:kill#3'],
  ['before the refund that waited', 'payments.before-provider:kill#3'],
  ['after the refund that waited', 'payments.after-provider:kill#3'],
  ...commits.flatMap((commit): [string, string][] => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
];

describe('kill -9 during a dispute', () => {
  let payments: KillablePayments;
  beforeAll(async () => {
    payments = await KillablePayments.start();
  });
  afterAll(() => payments.stop());

  test.each(points)(
    '%s: records the dispute once, refunds once after the decision, and all books agree',
    async (_name, point) => {
      const killsBefore = payments.kills;
      await payments.arm(point);
      const guest = testUser();
      const booking = aBooking({ guest });
      const becomes = (status: string) =>
        payments.retry(async (as) => {
          const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
          expect(body.status).toBe(status);
          return body;
        });
      const decide = async (paymentId: string, step: 'open' | 'won') => {
        const { id } = await payments.sandbox.intentOf(paymentId);
        await payments.sandbox.request('POST', `/control/payment-intents/${id}/disputes/${step}`);
      };

      await payments.deliver('booking.created', booking);
      const { id } = await becomes('requires_payment_method');
      await payments.retry(async (as) => {
        const card = { paymentMethod: 'pm_card_visa' };
        expect((await as(guest).post(`/v1/payments/${id}/confirm`, card)).status).toBe(200);
      });
      await becomes('captured');
      await payments.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
      await decide(id, 'open');
      await becomes('disputed');
      await payments.deliver('booking.cancelled', {
        ...booking,
        state: 'cancelled',
        by: 'guest',
        refundMinor: 27_280,
        refundLines: [],
        hostPenaltyMinor: 0,
      });
      await decide(id, 'won');
      await becomes('refunded');

      expect(payments.kills).toBe(killsBefore + 1);
      expect(await payments.published(booking.bookingId)).toEqual({
        'payment.captured': 1,
        'payment.created': 1,
        'payment.disputed': 1,
        'payment.dispute-won': 1,
        'payment.refunded': 1,
      });
      const intent = await payments.sandbox.intentOf(id);
      expect(await payments.sandbox.books(intent.id)).toEqual([
        ['charge', 27_280],
        ['dispute', -27_280],
        ['dispute_reversal', 27_280],
        ['refund', -27_280],
      ]);
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    },
    90_000,
  );
});

test('kill -9 after a search has read a dispute without a webhook: it is recorded once', async () => {
  const payments = await KillablePayments.start({ env: { DISPUTE_CHECK_SECONDS: '0.2' } });
  try {
    const guest = testUser();
    const booking = aBooking({ guest });
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
    await becomes('captured');
    await payments.arm('payments.before-dispute-recorded:kill#1');
    await payments.sandbox.switches({ drop: 1 });
    const intent = await payments.sandbox.intentOf(id);
    await payments.sandbox.request('POST', `/control/payment-intents/${intent.id}/disputes/open`);
    await becomes('disputed');
    await payments.sandbox.request('POST', `/control/payment-intents/${intent.id}/disputes/lost`);
    await becomes('refunded');
    expect(payments.kills).toBe(1);
    expect(await payments.published(booking.bookingId)).toEqual({
      'payment.captured': 1,
      'payment.created': 1,
      'payment.disputed': 1,
      'payment.dispute-lost': 1,
    });
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  } finally {
    await payments.stop();
  }
}, 90_000);
