import { aUser } from '@roost/testing';
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

  test('less: the difference goes back, once, and each keeps what the new terms say', async () => {
    const guest = aUser();
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

  test('longer, then shorter than ever: the newest payment gives first, then the one before', async () => {
    const guest = aUser();
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

  test('a stay long enough to be free of tax: the tax changes hands, and not a unit is lost', async () => {
    const guest = aUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const untaxed = { totalMinor: 27_279, hostPayoutMinor: 23_000, platformFeeMinor: 4_279, taxMinor: 0 };
    await payments.applied(aChange(booking, untaxed));
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual(books(27_279, 23_000, 4_279, 0));

    const dearer = await payments
      .givenChanged(aUser(), (await payments.givenConfirmed(guest)).booking, SAME)
      .then((given) => given);
    expect(dearer.payment).toBeNull();
    await payments.agreed();
  });

  test('more in all, less for the tax office: paid and shared out anew', async () => {
    const guest = aUser();
    const { booking } = await payments.givenConfirmed(guest);
    const untaxed = { totalMinor: 37_280, hostPayoutMinor: 32_000, platformFeeMinor: 5_280, taxMinor: 0 };
    await payments.givenChanged(guest, booking, untaxed);
    expect(await payments.balances(booking.bookingId)).toEqual(books(37_280, 32_000, 5_280, 0));
    await payments.agreed();
  });

  test('an event from before new totals were told: shared in proportion, exact once it is applied', async () => {
    const guest = aUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    const { newTotals: _, ...old } = change;
    const payment = await payments.givenChangePayment(guest, old);
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await payments.applied(change);
    expect(await payments.balances(booking.bookingId)).toEqual(books(39_680, 31_040, 5_440, 3_200));
    await payments.agreed();
  });

  test('an operator had given back more than is left: what is left goes back, and no more', async () => {
    const guest = aUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const given = await payments.service
      .as(payments.admin)
      .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 20_000, reason: 'goodwill' });
    expect(given.status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await payments.applied(aChange(booking, SHORTER));
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('reconciliation says so when the ledger and bookings differ', async () => {
    const guest = aUser();
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
