import { jest } from '@jest/globals';
import { startTestService, type TestService, testUser } from '@roost/testing';
import { STRIPE_KEY } from '@roost/testing/fake-stripe';
import { payments as definition } from '../src/service.js';
import { StripePayments } from './stripe.fixture.js';

/** docs/runbooks/rotate-provider-keys.md */

jest.setTimeout(180_000);

const NEW_KEY = 'sk_test_afterTheRotation';

let payments: StripePayments;
let replicas: TestService[] = [];
beforeEach(async () => {
  payments = await StripePayments.start();
});
afterEach(async () => {
  for (const replica of replicas) await replica.close();
  replicas = [];
  await payments.close();
});

/** One more replica, with the new key. */
async function startWithNewKey(): Promise<void> {
  const { DATABASE_URL = '' } = payments.service.env;
  const env = { ...payments.stripe.env, DATABASE_URL, STRIPE_SECRET_KEY: NEW_KEY };
  replicas.push(await startTestService(definition, { env }));
}

const keysOfCalls = (from: number) =>
  new Set(payments.stripe.requests.slice(from).map(({ headers }) => headers.authorization));

test('both keys serve during the restart, and a payment of the old key is refunded', async () => {
  const guest = testUser();
  const { payment } = await payments.givenConfirmed(guest);
  payments.stripe.acceptedKeys = [STRIPE_KEY, NEW_KEY];
  await startWithNewKey();
  const answer = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 2_728, reason: 'Broken heating' });
  expect(answer.status).toBe(201);
  await payments.becomes(guest, payment.id, 'partially_refunded');
  await payments.agreed();
});

test('a call that the old key can no longer make is made with the new key, once', async () => {
  const guest = testUser();
  const { payment, booking } = await payments.givenAuthorized(guest);
  payments.stripe.acceptedKeys = [NEW_KEY];
  const from = payments.stripe.requests.length;
  await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
  await startWithNewKey();
  await payments.becomes(guest, payment.id, 'captured');
  expect(keysOfCalls(from)).toContain(`Bearer ${NEW_KEY}`);
  expect(payments.stripe.chargesOf(payments.stripe.intentOf(payment.id).id)).toEqual([27_280]);
});
