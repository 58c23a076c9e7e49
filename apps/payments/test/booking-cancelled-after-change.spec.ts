import { testUser, type TestUser } from '@roost/testing';
import { cancelled } from './booking-endings.fixture.js';
import { aChange, LONGER, type PaymentsUnderTest, SHORTER, startPayments } from './payments.fixture.js';

const LONGEST = {
  totalMinor: 52_080,
  hostPayoutMinor: 40_740,
  platformFeeMinor: 7_140,
  taxMinor: 4_200,
};

const NOTHING_RETAINED = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };

describe('booking.cancelled after changes', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const refundsOf = async (paymentId: string) =>
    (await payments.service.published('payment.refunded')).filter((body) => body.paymentId === paymentId);

  async function givenChangedTwice(guest: TestUser) {
    const { booking, payment: original } = await payments.givenConfirmed(guest);
    const longer = await payments.givenChanged(guest, booking, LONGER);
    const longest = await payments.givenChanged(guest, longer.booking, LONGEST);
    return { booking: longest.booking, original, second: longer.payment!, third: longest.payment! };
  }

  test('refunds the newest payment first, and each party retains its share under the cancellation terms', async () => {
    const guest = testUser();
    const { booking, original, second, third } = await givenChangedTwice(guest);
    // One night and the service fee of all four nights are retained.
    const retained = { hostPayoutMinor: 9_700, platformFeeMinor: 6_180, taxMinor: 1_000 };
    await payments.service.deliver(...cancelled(booking, 35_200, retained));
    await payments.service.deliver(...cancelled(booking, 35_200, retained));
    await payments.becomes(guest, third.id, 'refunded');
    await payments.becomes(guest, second.id, 'refunded');
    await payments.becomes(guest, original.id, 'partially_refunded');
    expect(await refundsOf(original.id)).toEqual([expect.objectContaining({ refundAmountMinor: 10_400 })]);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 16_880,
      host_payable: -9_700,
      platform_revenue: -6_180,
      tax_payable: -1_000,
    });
    await payments.agreed();
  });

  test('refunds every payment in full if nothing is retained', async () => {
    const guest = testUser();
    const { booking, original, second, third } = await givenChangedTwice(guest);
    await payments.service.deliver(...cancelled(booking, 52_080, NOTHING_RETAINED));
    for (const { id } of [original, second, third]) await payments.becomes(guest, id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('refunds at most the remaining amount after a change with a refund', async () => {
    const guest = testUser();
    const { booking, original, second, third } = await givenChangedTwice(guest);
    const shorter = await payments.givenChanged(guest, booking, SHORTER);
    for (const { id } of [second, third]) await payments.becomes(guest, id, 'refunded');
    await payments.becomes(guest, original.id, 'partially_refunded');
    await payments.service.deliver(...cancelled(shorter.booking, 14_880, NOTHING_RETAINED));
    await payments.becomes(guest, original.id, 'refunded');
    expect((await refundsOf(original.id)).map(({ refundAmountMinor }) => refundAmountMinor)).toEqual([
      12_400, 14_880,
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('refunds the payment of an open change in full, and the rest under the cancellation terms', async () => {
    const guest = testUser();
    const { booking, payment: original } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    const payment = await payments.givenChangePayment(guest, change);
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await payments.service.deliver('booking.change-closed', {
      ...change,
      outcome: 'closed',
      expiresAt: null,
    });
    const retained = { hostPayoutMinor: 9_700, platformFeeMinor: 3_380, taxMinor: 1_000 };
    await payments.service.deliver(...cancelled(booking, 13_200, retained));
    await payments.becomes(guest, payment.id, 'refunded');
    await payments.becomes(guest, original.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toMatchObject({
      provider_clearing: 14_080,
      host_payable: -9_700,
    });
    await payments.agreed();
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});
