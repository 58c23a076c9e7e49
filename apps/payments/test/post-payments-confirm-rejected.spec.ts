import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('POST /v1/payments/{id}/confirm, rejected requests', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  test('401 without a token, 403 without a verified email address', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const path = `/v1/payments/${payment.id}/confirm`;
    expectProblem(
      await payments.service.anonymous.post(path, { paymentMethod: 'pm_card_visa' }),
      401,
      'auth.missing_token',
    );
    const unverified = testUser({ id: guest.id, emailVerified: false });
    expectProblem(await payments.confirm(unverified, payment.id), 403, 'auth.email_unverified');
  });

  test('403 for a suspended guest, until they are reinstated', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const user = {
      userId: guest.id,
      displayName: 'Guest',
      locale: 'en',
      roles: ['guest' as const],
      emailVerified: true,
    };
    await payments.service.deliver('user.suspended', { ...user, status: 'suspended' }, { version: 5 });
    expectProblem(await payments.confirm(guest, payment.id), 403, 'account.suspended');
    // An older event that arrives late changes nothing.
    await payments.service.deliver('user.reinstated', { ...user, status: 'active' }, { version: 4 });
    expectProblem(await payments.confirm(guest, payment.id), 403, 'account.suspended');
    await payments.service.deliver('user.reinstated', { ...user, status: 'active' }, { version: 6 });
    expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
  });

  test('404 for another user, the host, an admin and an unknown payment', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { payment } = await payments.givenPayment({ guest, host });
    for (const user of [testUser(), host, payments.admin]) {
      expectProblem(await payments.confirm(user, payment.id), 404, 'payment.not_found');
    }
    expectProblem(await payments.confirm(guest, randomUUID()), 404, 'payment.not_found');
  });

  test.each<[string, unknown, string]>([
    ['malformed JSON', '{"paymentMethod":', ''],
    ['a missing card', {}, '/paymentMethod'],
    ['a number', { paymentMethod: 7 }, '/paymentMethod'],
    ['null', { paymentMethod: null }, '/paymentMethod'],
    ['a card number', { paymentMethod: '4242 4242 4242 4242' }, '/paymentMethod'],
    ['a NUL byte', { paymentMethod: 'pm_card_visa\0' }, '/paymentMethod'],
    ['10,000 characters', { paymentMethod: `pm_${'x'.repeat(10_000)}` }, '/paymentMethod'],
    ['an unknown card', { paymentMethod: 'pm_card_unknown' }, '/paymentMethod'],
    ['an amount', { paymentMethod: 'pm_card_visa', amountMinor: 1 }, '/amountMinor'],
    ['an array', ['pm_card_visa'], ''],
  ])('400 for %s', async (_name, body, pointer) => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const response = await payments.service.as(guest).post(`/v1/payments/${payment.id}/confirm`, body);
    expectProblem(response, 400, 'request.invalid', pointer);
    await payments.becomes(guest, payment.id, 'requires_payment_method');
  });

  test('400 for an invalid id, 413 for a body that is too large', async () => {
    const guest = testUser();
    expectProblem(await payments.confirm(guest, 'payment-1'), 400, 'request.invalid');
    const huge = await payments.service.as(guest).post<PaymentBody>(`/v1/payments/${randomUUID()}/confirm`, {
      paymentMethod: 'x'.repeat(1_100_000),
    });
    expectProblem(huge, 413, 'request.too_large');
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});
