import { eventually, freshRedis, TestProxy, testUser } from '@roost/testing';
import { aBooking, type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
let redis: TestProxy;

beforeAll(async () => {
  redis = await TestProxy.to(await freshRedis());
  payments = await startPayments({ REDIS_URL: redis.url });
});
afterEach(() => redis.mend());
afterAll(async () => {
  await payments?.close();
  redis?.close();
});

test.each([
  ['is down', () => redis.cut()],
  ['does not respond', () => redis.lose()],
])('a booking can be paid within 5 s while Redis %s', async (_state, fail) => {
  fail();
  const guest = testUser();
  const booking = aBooking({ guest });
  await payments.service.deliver('booking.created', booking);
  const payment = await eventually(
    async () => {
      const response = await payments.service
        .as(guest)
        .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
      expect(response.status).toBe(200);
      return response.body;
    },
    { seconds: 5 },
  );
  expect(await payments.confirm(guest, payment.id)).toMatchObject({
    status: 200,
    body: { status: 'captured' },
  });
});
