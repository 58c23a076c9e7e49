import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('GET /v1/payments/{id} and /v1/bookings/{id}/payments', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('200: the guest receives the whole payment; the host and admins receive it without the guest’s secrets', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { payment, booking } = await payments.givenPayment({ guest, host });
    const read = (user: typeof guest) =>
      payments.service.as(user).get<PaymentBody>(`/v1/payments/${payment.id}`);
    expect((await read(guest)).body.clientSecret).not.toBeNull();
    for (const user of [host, payments.admin]) {
      expect((await read(user)).body).toMatchObject({
        id: payment.id,
        clientSecret: null,
        redirectUrl: null,
      });
    }
    const etags = await Promise.all(
      [guest, host].map(async (user) => (await read(user)).headers.get('etag')),
    );
    expect(new Set(etags).size).toBe(2);
    for (const user of [guest, host, payments.admin]) {
      const all = await payments.service
        .as(user)
        .get<{ data: PaymentBody[] }>(`/v1/bookings/${booking.bookingId}/payments`);
      expect(all.body.data.map((each) => each.id)).toEqual([payment.id]);
    }
  });

  test('lists a payment only when it can be confirmed, as /payment does', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenPayment({ guest });
    const client = payments.service.as(guest);
    const path = `/v1/bookings/${booking.bookingId}`;
    const listed = await client.get<{ data: PaymentBody[] }>(`${path}/payments`);
    expect(listed.body.data.map(({ id }) => id)).toEqual([payment.id]);
    // As before its creation at the provider.
    await payments.service.query('UPDATE payment SET provider_ref = NULL WHERE id = $1', [payment.id]);
    expectProblem(await payments.confirm(guest, payment.id), 404, 'payment.not_ready');
    expectProblem(await client.get(`${path}/payment`), 404, 'payment.not_ready');
    expect(await client.get(`${path}/payments`)).toMatchObject({ status: 200, body: { data: [] } });
  });

  test('stores the guest’s secrets encrypted', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const [row] = await payments.service.query<{ client_secret: string }>(
      'SELECT client_secret FROM payment WHERE id = $1',
      [payment.id],
    );
    expect(row?.client_secret).not.toContain(payment.clientSecret ?? 'none');
  });

  test('404 for another user and for an unknown payment', async () => {
    const { payment, booking } = await payments.givenPayment({ guest: testUser() });
    const stranger = payments.service.as(testUser({ roles: ['host'] }));
    expectProblem(await stranger.get(`/v1/payments/${payment.id}`), 404, 'payment.not_found');
    expectProblem(await stranger.get(`/v1/payments/${randomUUID()}`), 404, 'payment.not_found');
    expectProblem(await stranger.get(`/v1/bookings/${booking.bookingId}/payments`), 404, 'booking.not_found');
  });

  test('400 for an invalid id, 401 without a token and for an expired token', async () => {
    expectProblem(await payments.service.as(testUser()).get('/v1/payments/1'), 400, 'request.invalid');
    const path = `/v1/payments/${randomUUID()}`;
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    const expired = testUser({ claims: { exp: 1 } });
    expectProblem(await payments.service.as(expired).get(path), 401, 'auth.invalid_token');
  });
});
