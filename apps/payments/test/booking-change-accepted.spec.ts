import { testUser, eventually, expectProblem } from '@roost/testing';
import {
  aChange,
  LONGER,
  type PaymentBody,
  type PaymentsUnderTest,
  SHORTER,
  startPayments,
} from './payments.fixture.js';

describe('booking.change-accepted', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('creates a separate payment for the additional cost, which expires with the change', async () => {
    const guest = testUser();
    const { booking, payment: first } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    const payment = await payments.givenChangePayment(guest, change);
    expect(payment).toMatchObject({
      bookingId: booking.bookingId,
      purpose: 'change',
      status: 'requires_payment_method',
      amountMinor: 12_400,
      expiresAt: change.expiresAt,
    });
    const all = await payments.service
      .as(guest)
      .get<{ data: PaymentBody[] }>(`/v1/bookings/${booking.bookingId}/payments`);
    expect(all.body.data.map(({ id }) => id)).toEqual([first.id, payment.id]);
    expect(await payments.service.published('payment.created')).toContainEqual(
      expect.objectContaining({ paymentId: payment.id, purpose: 'change', changeId: change.changeId }),
    );
  });

  test('creates one payment over repeated deliveries and charges it once', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    await payments.service.deliver('booking.change-accepted', change, { times: 2 });
    await payments.service.deliver('booking.change-accepted', change);
    const payment = await payments.givenChangePayment(guest, change);
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 12_400]]);
    await payments.applied(change);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 39_680,
      host_payable: -31_040,
      platform_revenue: -5_440,
      tax_payable: -3_200,
    });
    await payments.agreed();
  });

  test('accepts another card after a decline, and returns no secret to the host', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking } = await payments.givenConfirmed(guest, { host });
    const payment = await payments.givenChangePayment(guest, aChange(booking, LONGER));
    expectProblem(
      await payments.confirm(guest, payment.id, 'pm_card_chargeDeclined'),
      402,
      'payment.declined',
    );
    expectProblem(await payments.confirm(host, payment.id), 404, 'payment.not_found');
    const hostView = await payments.service.as(host).get<PaymentBody>(`/v1/payments/${payment.id}`);
    expect(hostView.body).toMatchObject({ clientSecret: null });
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
  });

  test('409 after the change has expired, without a charge', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER, { expiresAt: new Date(Date.now() - 1_000).toISOString() });
    const payment = await payments.givenChangePayment(guest, change);
    expectProblem(await payments.confirm(guest, payment.id), 409, 'payment.wrong_state');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([]);
  });

  test('creates no payment for a change without additional cost', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    await payments.service.deliver('booking.change-accepted', aChange(booking, SHORTER));
    await eventually(async () => {
      const { body } = await payments.service
        .as(guest)
        .get<{ data: PaymentBody[] }>(`/v1/bookings/${booking.bookingId}/payments`);
      expect(body.data.map(({ id }) => id)).toEqual([payment.id]);
    });
  });
});
