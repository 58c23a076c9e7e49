import { jest } from '@jest/globals';
import { eventually, testUser } from '@roost/testing';
import { STRIPE_KEY } from '@roost/testing/fake-stripe';
import { StripePayments } from './stripe.fixture.js';

/** docs/runbooks/rotate-provider-keys.md */

jest.setTimeout(180_000);

const NEW_KEY = 'sk_test_afterTheRotation';

let payments: StripePayments;
beforeEach(async () => {
  payments = await StripePayments.start();
});
afterEach(async () => {
  await payments.close();
});

const keysOfCalls = (from: number) =>
  payments.stripe.requests.slice(from).map(({ headers }) => headers.authorization);

test('both keys serve during the restart, and a payment of the old key is refunded', async () => {
  const guest = testUser();
  const { payment } = await payments.givenConfirmed(guest);
  payments.stripe.acceptedKeys = [STRIPE_KEY, NEW_KEY];
  await payments.restart({ STRIPE_SECRET_KEY: NEW_KEY });
  const from = payments.stripe.requests.length;
  const answer = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 2_728, reason: 'Broken heating' });
  expect(answer.status).toBe(201);
  await payments.becomes(guest, payment.id, 'partially_refunded');
  expect(new Set(keysOfCalls(from))).toEqual(new Set([`Bearer ${NEW_KEY}`]));
  await payments.agreed();
});

test('a call that the old key can no longer make is made with the new key, once', async () => {
  const guest = testUser();
  const { payment, booking } = await payments.givenAuthorized(guest);
  payments.stripe.acceptedKeys = [NEW_KEY];
  const from = payments.stripe.requests.length;
  await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
  await eventually(() => expect(keysOfCalls(from)).toContain(`Bearer ${STRIPE_KEY}`));
  expect(await payments.statusOf(guest, payment.id)).toBe('authorized');
  await payments.restart({ STRIPE_SECRET_KEY: NEW_KEY });
  await payments.becomes(guest, payment.id, 'captured');
  expect(keysOfCalls(from)).toContain(`Bearer ${NEW_KEY}`);
  expect(payments.stripe.chargesOf(payments.stripe.intentOf(payment.id).id)).toEqual([27_280]);
});
