import { aUser, eventually } from '@roost/testing';
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

  const given = async () => {
    const guest = aUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    return { guest, booking, change, payment: await payments.givenChangePayment(guest, change) };
  };
  const close = (change: ChangeBody, outcome: ChangeBody['outcome']) =>
    payments.service.deliver('booking.change-closed', { ...change, outcome, expiresAt: null });
  const asBefore = {
    provider_clearing: 27_280,
    host_payable: -21_340,
    platform_revenue: -3_740,
    tax_payable: -2_200,
  };

  test.each(['expired', 'withdrawn', 'closed', 'payment_failed'] as const)(
    '%s and not paid: the payment is voided, the booking’s own is left alone',
    async (outcome) => {
      const { guest, booking, change, payment } = await given();
      await close(change, outcome);
      await payments.becomes(guest, payment.id, 'voided');
      expect(await payments.balances(booking.bookingId)).toEqual(asBefore);
      await payments.agreed();
    },
  );

  test.each(['withdrawn', 'closed'] as const)('%s and paid: it all goes back by itself', async (outcome) => {
    const { guest, booking, change, payment } = await given();
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await close(change, outcome);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual(asBefore);
    await payments.agreed();
  });

  test('paid in its last second: bookings decides, here to apply it', async () => {
    const { guest, booking, change, payment } = await given();
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await close(change, 'expired');
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    await payments.applied(change);
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 39_680 });
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    await payments.agreed();
  });

  test('paid in its last second: bookings decides, here that it is too late', async () => {
    const { guest, booking, change, payment } = await given();
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    await close(change, 'expired');
    await close(change, 'expired');
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual(asBefore);
    await payments.agreed();
  });

  test('the provider charged and dropped the answer while the hour ran out: it is found and goes back', async () => {
    const { guest, booking, change, payment } = await given();
    await payments.sandbox.faults(
      { route: 'confirm', kind: 'silent', times: 2 },
      { route: 'read', kind: 'fail', times: 1 },
    );
    expect((await payments.confirm(guest, payment.id)).status).toBe(503);
    await close(change, 'expired');
    await payments.becomes(guest, payment.id, 'captured');
    await close(change, 'expired');
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([
      ['charge', 12_400],
      ['refund', -12_400],
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual(asBefore);
  });

  test('a change that never cost more has no payment to let go', async () => {
    const guest = aUser();
    const { booking } = await payments.givenConfirmed(guest);
    await close(aChange(booking, LONGER), 'declined');
    await eventually(() => payments.agreed());
    expect(await payments.balances(booking.bookingId)).toEqual(asBefore);
  });
});
