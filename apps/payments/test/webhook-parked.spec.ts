import { eventually, testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';
import { sendWebhook, webhookBecomes } from './webhook.fixture.js';

describe('a webhook that contradicts its payment', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  /** A payment that the guest has approved at the bank. The provider's own webhooks about it are lost. */
  async function approved() {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    await payments.switches({ drop: 1 });
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    await submitBankForm(waiting.body.redirectUrl, 'approve');
    await payments.switches({});
    return { guest, payment, intent: await payments.sandbox.intentOf(payment.id) };
  }

  const statusOf = async (id: string) =>
    (await payments.service.query<{ status: string }>('SELECT status FROM payment WHERE id = $1', [id]))[0]
      ?.status;

  test.each([
    ['another amount', { amountMinor: 27_281 }, {}, 'amount_differs'],
    ['another currency', { currency: 'EUR' }, {}, 'currency_differs'],
    ['another account', {}, { account: 'acct_other' }, 'account_differs'],
  ])('%s is parked and not applied', async (_name, changes, options, reason) => {
    const { payment, intent } = await approved();
    const data = { intent: { ...intent, ...changes } };
    const id = await sendWebhook(payments, 'intent.captured', data, options);
    await webhookBecomes(payments, id, 'parked', reason);
    expect(await statusOf(payment.id)).toBe('requires_action');
  });

  test('a correct webhook is applied after a parked one', async () => {
    const { guest, payment, intent } = await approved();
    const parked = await sendWebhook(payments, 'intent.captured', { intent: { ...intent, amountMinor: 1 } });
    await webhookBecomes(payments, parked, 'parked', 'amount_differs');
    const correct = await sendWebhook(payments, 'intent.captured', { intent });
    await webhookBecomes(payments, correct, 'applied');
    await payments.becomes(guest, payment.id, 'captured');
  });

  test.each([
    ['amount', { amountMinor: 27_279 }, 'amount_differs'],
    ['currency', { currency: 'EUR' }, 'currency_differs'],
  ])('a provider whose state has another %s is not applied', async (_name, changes, reason) => {
    const { payment, intent } = await approved();
    const { id: ref } = intent;
    const other = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
      amountMinor: 27_280,
      currency: 'USD',
      metadata: { paymentId: payment.id },
      ...changes,
    });
    await payments.sandbox.request('POST', `/v1/payment-intents/${other.id}/confirm`, {
      paymentMethod: 'pm_card_visa',
    });
    await payments.service.query('UPDATE payment SET provider_ref = $2 WHERE id = $1', [
      payment.id,
      other.id,
    ]);
    // The text of this webhook agrees with the payment; the state that is read from the provider does not.
    const id = await sendWebhook(payments, 'intent.captured', { intent: { ...intent, id: other.id } });
    await webhookBecomes(payments, id, 'parked', reason);
    expect(await statusOf(payment.id)).toBe('requires_action');
    await payments.service.query('UPDATE payment SET provider_ref = $2 WHERE id = $1', [payment.id, ref]);
  });

  test('a second payment at the provider with our id is not applied', async () => {
    const { payment } = await approved();
    const other = await payments.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
      amountMinor: 27_280,
      currency: 'USD',
      metadata: { paymentId: payment.id },
    });
    await payments.sandbox.request('POST', `/v1/payment-intents/${other.id}/confirm`, {
      paymentMethod: 'pm_card_visa',
    });
    const id = await sendWebhook(payments, 'intent.captured', { intent: other });
    await webhookBecomes(payments, id, 'parked', 'reference_differs');
    expect(await statusOf(payment.id)).toBe('requires_action');
  });

  test('a payment that exists neither here nor at the provider is not ours', async () => {
    const id = await sendWebhook(payments, 'intent.captured', { intent: { id: 'pi_unknown', metadata: {} } });
    await webhookBecomes(payments, id, 'not-ours');
  });

  test('the outcome of a call that contradicts the payment fails the call', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    await payments.service.query(
      'UPDATE payment SET amount_minor = 27281, tax_minor = tax_minor + 1 WHERE id = $1',
      [payment.id],
    );
    const response = await payments.confirm(guest, payment.id);
    expect(response).toMatchObject({ status: 409, body: { code: 'payment.wrong_state' } });
    await eventually(async () =>
      expect(
        await payments.service.query(
          `SELECT status, failure_code FROM payment_operation WHERE payment_id = $1 AND kind = 'confirm'`,
          [payment.id],
        ),
      ).toEqual([{ status: 'failed', failure_code: 'amount_differs' }]),
    );
    expect(await statusOf(payment.id)).toBe('processing');
    const { differences } = await payments.reconcile();
    expect(differences).toContainEqual(
      expect.objectContaining({
        ...{
          kind: 'provider.amount_differs',
          paymentId: payment.id,
          expectedMinor: 27_281,
          foundMinor: 27_280,
        },
      }),
    );
  });
});
