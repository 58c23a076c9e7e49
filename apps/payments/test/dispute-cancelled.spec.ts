import { eventually, testUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

/** 444.60 in total. */
const totals = { totalMinor: 44_460, hostPayoutMinor: 35_000, platformFeeMinor: 6_460, taxMinor: 3_000 };

test('a disputed payment of 444.60 is not refunded when its booking is cancelled', async () => {
  const guest = testUser();
  const { payment, booking } = await payments.givenPayment({ guest, ...totals });
  await payments.confirm(guest, payment.id, 'pm_card_createDispute');
  await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  await payments.service.deliver('booking.cancelled', {
    ...booking,
    state: 'cancelled',
    by: 'guest',
    refundMinor: totals.totalMinor,
    refundLines: [],
    hostPenaltyMinor: 0,
  });
  const { id } = await payments.sandbox.intentOf(payment.id);
  await eventually(async () => {
    const open = await payments.service.query(
      `SELECT kind FROM payment_operation WHERE status = 'pending'
       UNION ALL SELECT type FROM webhook_event WHERE handled_at IS NULL`,
    );
    expect(open).toEqual([]);
    expect(await payments.statusOf(guest, payment.id)).not.toBe('captured');
  });
  const books = await payments.sandbox.books(id);
  expect(books.reduce((sum, [, amountMinor]) => sum + amountMinor, 0)).toBeGreaterThanOrEqual(0);
  expect(books).toEqual([
    ['charge', 44_460],
    ['dispute', -44_460],
  ]);
  expect(await payments.statusOf(guest, payment.id)).toBe('disputed');
});

test('the bank returns again what a cancellation has refunded: the platform bears it, and all books agree', async () => {
  const guest = testUser();
  const { payment, booking } = await payments.givenConfirmed(guest, totals);
  await payments.service.deliver('booking.cancelled', {
    ...booking,
    ...{ state: 'cancelled', by: 'guest', hostPenaltyMinor: 0 },
    ...{
      hostPayoutMinor: 0,
      platformFeeMinor: 0,
      taxMinor: 0,
      refundMinor: totals.totalMinor,
      refundLines: [],
    },
  });
  await payments.becomes(guest, payment.id, 'refunded');
  const disputes = new Disputes(payments);
  await disputes.advance(payment.id, 'open', { amountMinor: 5_000 });
  await disputes.decided(payment.id, 'lost');
  expect(await payments.balances(booking.bookingId)).toEqual({
    provider_clearing: -5_000,
    platform_revenue: 5_000,
  });
  await payments.agreed();
});
