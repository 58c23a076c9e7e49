import { testUser, eventually } from '@roost/testing';
import {
  aChange,
  type ChangeBody,
  LONGER,
  type PaymentsUnderTest,
  startPayments,
} from './payments.fixture.js';

describe('booking.change-closed', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const givenUnpaidChange = async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    return { guest, booking, change, payment: await payments.givenChangePayment(guest, change) };
  };
  const close = (change: ChangeBody, outcome: ChangeBody['outcome']) =>
    payments.service.deliver('booking.change-closed', { ...change, outcome, expiresAt: null });
  const unchangedBalances = {
    provider_clearing: 27_280,
    host_payable: -21_340,
    platform_revenue: -3_740,
    tax_payable: -2_200,
  };

  test.each(['expired', 'withdrawn', 'closed', 'payment_failed'] as const)(
    '%s before payment: voids the change’s payment and leaves the booking’s payment unchanged',
    async (outcome) => {
      const { guest, booking, change, payment } = await givenUnpaidChange();
      await close(change, outcome);
      await payments.becomes(guest, payment.id, 'voided');
      expect(await payments.balances(booking.bookingId)).toEqual(unchangedBalances);
      await payments.agreed();
    },
  );

  test.each(['withdrawn', 'closed'] as const)(
    '%s after payment: refunds the change’s payment in full',
    async (outcome) => {
      const { guest, booking, change, payment } = await givenUnpaidChange();
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
      await close(change, outcome);
      await payments.becomes(guest, payment.id, 'refunded');
      expect(await payments.balances(booking.bookingId)).toEqual(unchangedBalances);
      await payments.agreed();
    },
  );

  test('leaves a payment at the expiry to bookings, which applies the change', async () => {
    const { guest, booking, change, payment } = await givenUnpaidChange();
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await close(change, 'expired');
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    await payments.applied(change);
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 39_680 });
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    await payments.agreed();
  });

  test('leaves a payment at the expiry to bookings, which rejects it: refunds it', async () => {
    const { guest, booking, change, payment } = await givenUnpaidChange();
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await close(change, 'expired');
    await close(change, 'expired');
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual(unchangedBalances);
    await payments.agreed();
  });

  test('finds and refunds a charge whose response is lost while the change expires', async () => {
    const { guest, booking, change, payment } = await givenUnpaidChange();
    await payments.sandbox.faults(
      { route: 'confirm', kind: 'silent', times: 100 },
      { route: 'read', kind: 'fail', times: 100 },
    );
    expect((await payments.confirm(guest, payment.id)).status).toBe(503);
    await close(change, 'expired');
    await payments.sandbox.faults();
    await payments.becomes(guest, payment.id, 'captured');
    await close(change, 'expired');
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([
      ['charge', 12_400],
      ['refund', -12_400],
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual(unchangedBalances);
  });

  test('ignores a change without a payment', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    await close(aChange(booking, LONGER), 'declined');
    await eventually(() => payments.agreed());
    expect(await payments.balances(booking.bookingId)).toEqual(unchangedBalances);
  });
});
