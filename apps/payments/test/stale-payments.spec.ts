import { eventually, testUser } from '@roost/testing';
import { StalePayments } from '../src/payment/stale-payments.service.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
});
afterAll(() => payments.close());

/** A payment whose check is due, with changed columns. */
async function givenDue(set: string): Promise<string> {
  const { payment } = await payments.givenPayment({ guest: testUser() });
  await payments.service.query(`UPDATE payment SET check_at = '2020-01-01', ${set} WHERE id = $1`, [
    payment.id,
  ]);
  return payment.id;
}

async function isDue(id: string): Promise<boolean> {
  const rows = await payments.service.query(`SELECT FROM payment WHERE id = $1 AND check_at <= now()`, [id]);
  return rows.length > 0;
}

test('a check that fails is not due again before its interval, so it does not block the other checks', async () => {
  const failing = await givenDue(`provider_ref = 'pi_unknown'`);
  await eventually(async () => {
    await payments.service.clock.advance('PT1S');
    expect(await isDue(failing)).toBe(false);
  });
});

test('payments of a provider that is not enabled are not claimed', async () => {
  const disabled = await givenDue(`provider = 'stripe'`);
  const claimed = await payments.service.get(StalePayments).claim(1_000);
  expect(claimed.map(({ id }) => id)).not.toContain(disabled);
  expect(await isDue(disabled)).toBe(true);
});
