import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { aBooking, type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('GET /v1/bookings/{id}/payment', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('200: returns the due payment with the secret to pay it', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    expect(payment).toMatchObject({
      bookingId: booking.bookingId,
      status: 'requires_payment_method',
      amountMinor: 27_280,
      currency: 'USD',
      provider: 'sandbox',
      clientSecret: expect.stringMatching(/^pi_.*_secret_/) as string,
      redirectUrl: null,
      expiresAt: booking.holdExpiresAt,
    });
  });

  test('responds to a waiting client when the payment is created', async () => {
    const guest = testUser();
    const booking = aBooking({ guest });
    const waiting = payments.service
      .as(guest)
      .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`, { prefer: 'wait=15' });
    await payments.service.deliver('booking.created', booking);
    expect((await waiting).status).toBe(200);
  });

  test('responds to a waiting client when the payment changes, and with 304 while it is unchanged', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    const path = `/v1/bookings/${booking.bookingId}/payment`;
    const first = await payments.service.as(guest).get<PaymentBody>(path);
    const etag = first.headers.get('etag') ?? '';
    expect((await payments.service.as(guest).get(path, { 'if-none-match': etag })).status).toBe(304);
    const waiting = payments.service
      .as(guest)
      .get<PaymentBody>(path, { 'if-none-match': etag, prefer: 'wait=15' });
    await payments.confirm(guest, payment.id);
    const changed = await waiting;
    expect(changed.status).toBe(200);
    expect(changed.body.status).not.toBe('requires_payment_method');
  });

  test('404 for a booking without a payment and for the booking of another guest', async () => {
    const guest = testUser();
    const { booking } = await payments.givenPayment({ guest });
    const unknown = `/v1/bookings/${randomUUID()}/payment`;
    expectProblem(await payments.service.as(guest).get(unknown), 404, 'payment.not_ready');
    const path = `/v1/bookings/${booking.bookingId}/payment`;
    const host = testUser({ id: booking.hostId, roles: ['host'] });
    for (const user of [testUser(), host]) {
      expectProblem(await payments.service.as(user).get(path), 404, 'payment.not_ready');
    }
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
  });

  test('an admin reads it without the secrets of the guest, and the refunds', async () => {
    const { payment, booking } = await payments.givenPayment({ guest: testUser() });
    const admin = payments.service.as(payments.admin);
    const { status, body } = await admin.get(`/v1/bookings/${booking.bookingId}/payment`);
    expect({ status, body }).toMatchObject({ status: 200, body: { id: payment.id, clientSecret: null } });
    const refunds = await admin.get(`/v1/bookings/${booking.bookingId}/refunds`);
    expect({ status: refunds.status, body: refunds.body }).toMatchObject({ status: 200, body: { data: [] } });
  });

  test.each(['no-uuid', '00000000', "1'%20OR%20'1'='1"])('400 for the invalid id %s', async (id) => {
    expectProblem(
      await payments.service.as(testUser()).get(`/v1/bookings/${id}/payment`),
      400,
      'request.invalid',
    );
  });
});
