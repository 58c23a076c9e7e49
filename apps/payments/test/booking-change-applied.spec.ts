import { testUser } from '@roost/testing';
import { aChange, LONGER, type PaymentsUnderTest, SHORTER, startPayments } from './payments.fixture.js';

const SAME = { totalMinor: 27_280, hostPayoutMinor: 21_340, platformFeeMinor: 3_740, taxMinor: 2_200 };

describe('booking.change-applied', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const refunds = async (bookingId: string) =>
    (await payments.service.published('payment.refunded'))
      .filter((body) => body.bookingId === bookingId)
      .map(({ paymentId, refundAmountMinor, reason }) => ({ paymentId, refundAmountMinor, reason }));

  const books = (total: number, host: number, platform: number, tax: number) => ({
    provider_clearing: total,
    host_payable: -host,
    ...(platform > 0 && { platform_revenue: -platform }),
    ...(tax > 0 && { tax_payable: -tax }),
  });

  test('refunds a lower cost once, and each party retains its share of the new total', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const change = aChange(booking, SHORTER);
    await payments.service.deliver('booking.change-accepted', change);
    const applied = { ...change, ...SHORTER, expiresAt: null };
    await payments.service.deliver('booking.change-applied', applied, { times: 2 });
    await payments.service.deliver('booking.change-applied', applied);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await refunds(booking.bookingId)).toEqual([
      { paymentId: payment.id, refundAmountMinor: 12_400, reason: 'booking-changed' },
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual(books(14_880, 11_640, 2_040, 1_200));
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(intent).toMatchObject({ capturedMinor: 27_280, refundedMinor: 12_400 });
    await payments.agreed();
  });

  test('refunds the newest payment first, then the payment before it', async () => {
    const guest = testUser();
    const { booking, payment: first } = await payments.givenConfirmed(guest);
    const longer = await payments.givenChanged(guest, booking, LONGER);
    const shorter = await payments.givenChanged(guest, longer.booking, SHORTER);
    expect(shorter.change.differenceMinor).toBe(-24_800);
    await payments.becomes(guest, longer.payment!.id, 'refunded');
    await payments.becomes(guest, first.id, 'partially_refunded');
    expect(await refunds(booking.bookingId)).toEqual(
      expect.arrayContaining([
        { paymentId: longer.payment!.id, refundAmountMinor: 12_400, reason: 'booking-changed' },
        { paymentId: first.id, refundAmountMinor: 12_400, reason: 'booking-changed' },
      ]),
    );
    expect(await payments.balances(booking.bookingId)).toEqual(books(14_880, 11_640, 2_040, 1_200));
    await payments.agreed();
  });

  test('transfers the tax of a stay that becomes tax-exempt, exactly to the minor unit', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const untaxed = { totalMinor: 27_279, hostPayoutMinor: 23_000, platformFeeMinor: 4_279, taxMinor: 0 };
    await payments.applied(aChange(booking, untaxed));
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual(books(27_279, 23_000, 4_279, 0));

    const { booking: other } = await payments.givenConfirmed(guest);
    const unchanged = await payments.givenChanged(testUser(), other, SAME);
    expect(unchanged.payment).toBeNull();
    await payments.agreed();
  });

  test('charges the additional cost and transfers the tax if the total rises and the tax falls', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const untaxed = { totalMinor: 37_280, hostPayoutMinor: 32_000, platformFeeMinor: 5_280, taxMinor: 0 };
    await payments.givenChanged(guest, booking, untaxed);
    expect(await payments.balances(booking.bookingId)).toEqual(books(37_280, 32_000, 5_280, 0));
    await payments.agreed();
  });

  test('splits the cost of an event without new totals in proportion, and exactly once it is applied', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    const { newTotals: _, ...withoutTotals } = change;
    const payment = await payments.givenChangePayment(guest, withoutTotals);
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await payments.applied(change);
    expect(await payments.balances(booking.bookingId)).toEqual(books(39_680, 31_040, 5_440, 3_200));
    await payments.agreed();
  });

  test('refunds at most the remaining amount after an operator’s refund', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const refund = await payments.service
      .as(payments.admin)
      .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 20_000, reason: 'goodwill' });
    expect(refund.status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await payments.applied(aChange(booking, SHORTER));
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('reconciliation reports a ledger that differs from bookings', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    await payments.service.query(
      'UPDATE booking_split SET host_minor = host_minor + 1 WHERE booking_id = $1',
      [booking.bookingId],
    );
    expect(await payments.reconcile()).toMatchObject({
      differences: [{ kind: 'booking.split_differs', expectedMinor: 21_341, foundMinor: 21_340 }],
    });
    await payments.service.query('DELETE FROM booking_split WHERE booking_id = $1', [booking.bookingId]);
  });
});
