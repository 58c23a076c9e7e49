import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('GET /v1/payments/{id} and /v1/bookings/{id}/payments', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('the guest sees all of it, the host and admins all but the guest’s secrets', async () => {
    const [guest, host] = [aUser(), aUser({ roles: ['host'] })];
    const { payment, booking } = await payments.givenPayment({ guest, host });
    const one = (user: typeof guest) =>
      payments.service.as(user).get<PaymentBody>(`/v1/payments/${payment.id}`);
    expect((await one(guest)).body.clientSecret).not.toBeNull();
    for (const user of [host, payments.admin]) {
      expect((await one(user)).body).toMatchObject({ id: payment.id, clientSecret: null, redirectUrl: null });
    }
    const etags = await Promise.all([guest, host].map(async (user) => (await one(user)).headers.get('etag')));
    expect(new Set(etags).size).toBe(2);
    for (const user of [guest, host]) {
      const all = await payments.service
        .as(user)
        .get<{ data: PaymentBody[] }>(`/v1/bookings/${booking.bookingId}/payments`);
      expect(all.body.data.map((each) => each.id)).toEqual([payment.id]);
    }
  });

  test('the guest’s secrets are not in the database as they are', async () => {
    const guest = aUser();
    const { payment } = await payments.givenPayment({ guest });
    const [row] = await payments.service.query<{ client_secret: string }>(
      'SELECT client_secret FROM payment WHERE id = $1',
      [payment.id],
    );
    expect(row?.client_secret).not.toContain(payment.clientSecret ?? 'none');
  });

  test('404 for strangers, as for what does not exist', async () => {
    const { payment, booking } = await payments.givenPayment({ guest: aUser() });
    const stranger = payments.service.as(aUser({ roles: ['host'] }));
    expectProblem(await stranger.get(`/v1/payments/${payment.id}`), 404, 'payment.not_found');
    expectProblem(await stranger.get(`/v1/payments/${randomUUID()}`), 404, 'payment.not_found');
    expectProblem(await stranger.get(`/v1/bookings/${booking.bookingId}/payments`), 404, 'booking.not_found');
  });

  test('400 for ids that are none, 401 for nobody and for tokens that are no good', async () => {
    expectProblem(await payments.service.as(aUser()).get('/v1/payments/1'), 400, 'request.invalid');
    const path = `/v1/payments/${randomUUID()}`;
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    const expired = aUser({ claims: { exp: 1 } });
    expectProblem(await payments.service.as(expired).get(path), 401, 'auth.invalid_token');
  });
});
