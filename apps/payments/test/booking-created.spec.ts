import { testUser, eventually, expectProblem } from '@roost/testing';
import { aBooking, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('booking.created', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('creates one payment of the booking’s total over repeated deliveries', async () => {
    const guest = testUser();
    const booking = aBooking({ guest });
    await payments.service.deliver('booking.created', booking, { times: 3 });
    const created = await payments.service.published('payment.created');
    expect(created.filter((body) => body.bookingId === booking.bookingId)).toEqual([
      expect.objectContaining({
        guestId: guest.id,
        hostId: booking.hostId,
        amountMinor: 27_280,
        currency: 'USD',
        status: 'requires_payment_method',
        purpose: 'booking',
        provider: 'sandbox',
        capturedMinor: 0,
      }),
    ]);
    const all = await eventually(async () => {
      const response = await payments.service
        .as(guest)
        .get<{ data: { id: string }[] }>(`/v1/bookings/${booking.bookingId}/payments`);
      expect(response.body.data).toHaveLength(1);
      return response.body.data;
    });
    await eventually(() => payments.sandbox.intentOf(all[0]!.id));
  });

  test('creates no payment for a free booking', async () => {
    const guest = testUser();
    const booking = { ...aBooking({ guest }), lines: [], totalMinor: 0, hostPayoutMinor: 0 };
    await payments.service.deliver('booking.created', booking);
    const created = await payments.service.published('payment.created');
    expect(created.filter((body) => body.bookingId === booking.bookingId)).toEqual([]);
    const response = await payments.service.as(guest).get(`/v1/bookings/${booking.bookingId}/payment`);
    expectProblem(response, 404, 'payment.not_ready');
  });

  test('creates the payment at the provider once an unavailable provider responds again', async () => {
    const guest = testUser();
    await payments.sandbox.faults({ route: 'create', kind: 'fail', times: 3 });
    const { payment } = await payments.givenPayment({ guest });
    expect(await payments.sandbox.intentOf(payment.id)).toMatchObject({ status: 'requires_payment_method' });
  });

  test('uses the existing provider payment if the response to its creation is lost', async () => {
    const guest = testUser();
    await payments.sandbox.faults({ route: 'create', kind: 'silent', times: 2 });
    const { payment } = await payments.givenPayment({ guest });
    await payments.sandbox.intentOf(payment.id);
  });

  test('rejects a booking whose parts do not add up to its total', async () => {
    const guest = testUser();
    const booking = aBooking({ guest, taxMinor: 1 });
    await expect(payments.service.deliver('booking.created', booking)).rejects.toThrow('add up');
    expectProblem(
      await payments.service.as(guest).get(`/v1/bookings/${booking.bookingId}/payment`),
      404,
      'payment.not_ready',
    );
  });
});
