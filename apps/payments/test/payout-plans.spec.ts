import { largestSortRows, queryPlans } from '@roost/testing';
import { hostsToPay } from '../src/payout/payout-booking.queries.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

const HOSTS = 20_000;

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
  // Every host has an account. The bookings of a few hosts are due, all others are due later or never again.
  await payments.service.query(
    `INSERT INTO payout_account (id, host_id, currency, provider, reference, reference_end, usable_at, created_at)
     SELECT uuidv7(), gen_random_uuid(), 'USD', 'sandbox', 'x', '1234', '2030-01-01', '2030-01-01'
     FROM generate_series(1, $1::int)`,
    [HOSTS],
  );
  await payments.service.query(
    `INSERT INTO payout_booking (booking_id, host_id, currency, check_in_date, check_out_date, time_zone, first_due_at,
       cancelled, check_at)
     SELECT gen_random_uuid(), host_id, currency, '2040-01-01', '2040-01-03', 'UTC', '2040-01-02', false,
       CASE WHEN n % 1000 = 0 THEN timestamptz '2040-01-02' WHEN n % 2 = 0 THEN timestamptz '2041-01-01' END
     FROM (SELECT *, row_number() OVER () AS n FROM payout_account) a`,
  );
  await payments.service.query('ANALYZE');
}, 60_000);
afterAll(() => payments.close());

test('finds the hosts to pay by the bookings that are due, not by all accounts', async () => {
  const now = new Date('2040-02-01T00:00:00Z');
  let found = 0;
  const plan = await queryPlans(payments.service, /from payout_booking/i, async (em) => {
    found = (await hostsToPay(em, now, null, 100)).length;
  });
  expect(found).toBe(HOSTS / 1_000);
  expect(plan).toContain('payout_booking_check');
  expect(plan).not.toMatch(/Seq Scan on payout_(account|booking)/);
  expect(largestSortRows(plan)).toBeLessThanOrEqual(60);
});
