import { createHmac } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { SECRET_KEY } from './fake-paystack/fake-paystack.js';
import { type PaystackPayments, startPaystackPayments } from './paystack.fixture.js';

/** docs/runbooks/rotate-provider-keys.md */

const NEW_KEY = 'sk_test_afterTheRotation';

let payments: PaystackPayments;
beforeEach(async () => {
  payments = await startPaystackPayments();
});
afterEach(() => payments.close());

const refund = async (paymentId: string, amountMinor: number) => {
  const answer = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${paymentId}/refunds`, { amountMinor, reason: 'Broken heating' });
  expect(answer.status).toBe(201);
};
const refundsAtPaystack = (paymentId: string, count: number) =>
  eventually(() => {
    const refunds = payments.refundsOf(paymentId);
    expect(refunds).toHaveLength(count);
    return refunds;
  });

/** Sends a webhook that is signed with this key. */
function sendSigned(reference: string, key: string) {
  const raw = JSON.stringify({ event: 'charge.success', data: { id: 1, reference, status: 'success' } });
  const signature = createHmac('sha512', key).update(raw).digest('hex');
  return payments.service.anonymous.post('/v1/webhooks/paystack', raw, { 'x-paystack-signature': signature });
}

test('a payment of the old key is refunded with the new one, whose webhooks are accepted', async () => {
  const guest = testUser();
  const { payment } = await payments.givenPaid(guest);
  payments.paystack.secretKey = NEW_KEY;
  await payments.restart({ PAYSTACK_SECRET_KEY: NEW_KEY });
  await refund(payment.id, 5_000);
  const [refunded] = await refundsAtPaystack(payment.id, 1);
  // It fails if payments rejects the webhook.
  await payments.paystack.finishRefund(refunded!, 'processed');
  await payments.becomes(guest, payment.id, 'partially_refunded');
  expect(payments.paystack.refused).toEqual([]);
  expectProblem(await sendSigned(`roost-${payment.id}-1`, SECRET_KEY), 400, 'webhook.bad_signature');
  await payments.agreed();
});

test('until the restart calls fail and webhooks are rejected; after it a charge and a refund are found and made once', async () => {
  const guest = testUser();
  const { payment: paid } = await payments.givenPaid(guest);
  const { payment: open } = await payments.givenOpen(guest);
  payments.paystack.secretKey = NEW_KEY;
  payments.paystack.losesWebhooks = true;

  await payments.paystack.pay(open.redirectUrl);
  expectProblem(await sendSigned(`roost-${open.id}-1`, NEW_KEY), 400, 'webhook.bad_signature');
  await refund(paid.id, 5_000);
  // Before a refund payments reads its transaction.
  await eventually(() => {
    for (const { id } of [open, paid])
      expect(payments.paystack.refused).toContain(`GET /transaction/verify/roost-${id}-1`);
  });
  expect(await payments.statusOf(guest, open.id)).toBe('requires_action');
  expect(payments.refundsOf(paid.id)).toEqual([]);

  await payments.restart({ PAYSTACK_SECRET_KEY: NEW_KEY });
  // Found by a check of payments: the webhook is lost.
  await payments.becomes(guest, open.id, 'captured');
  const [refunded] = await refundsAtPaystack(paid.id, 1);
  await payments.paystack.finishRefund(refunded!, 'processed');
  await payments.becomes(guest, paid.id, 'partially_refunded');
  expect(payments.refundsOf(paid.id)).toMatchObject([{ amount: 5_000, status: 'processed' }]);
  await payments.agreed();
});
