import { eventually, testUser } from '@roost/testing';
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
