import { randomUUID } from 'node:crypto';
import { expectProblem, testUser, type TestUser } from '@roost/testing';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

const AUTHENTICATE = 'pm_card_authenticationRequired';
const CONFIRM = `mutation ($id: ID!, $input: ConfirmPaymentInput!) {
  confirmPayment(id: $id, input: $input) { id status clientSecret redirectUrl }
}`;

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments({
    CORS_ORIGINS: 'https://admin.example.com',
    CLIENT_URLS: 'booking=https://app.example.com/bookings/{bookingId}',
  });
});
afterAll(() => payments.close());

const confirm = (guest: TestUser, id: string, body: object, headers?: Record<string, string>) =>
  payments.service.as(guest).post<PaymentBody>(`/v1/payments/${id}/confirm`, body, headers);

/** The address that the bank's last page links to. */
async function returnLink(redirectUrl: string | null): Promise<string | undefined> {
  const page = await (await submitBankForm(redirectUrl, 'approve')).text();
  return /<a href="([^"]*)">/.exec(page)?.[1]?.replaceAll('&#38;', '&');
}

test.each(['https://app.example.com/trips?booking=1&paid=yes', 'https://admin.example.com/'])(
  'leads back to %s after the bank’s page',
  async (returnUrl) => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const { body } = await confirm(guest, payment.id, { paymentMethod: AUTHENTICATE, returnUrl });
    expect(body.status).toBe('requires_action');
    expect(await returnLink(body.redirectUrl)).toBe(returnUrl);
    await payments.becomes(guest, payment.id, 'captured');
  },
);

test('leads back to the client’s page of the booking by default', async () => {
  const guest = testUser();
  const { payment, booking } = await payments.givenPayment({ guest });
  const { body } = await confirm(guest, payment.id, { paymentMethod: AUTHENTICATE });
  expect(await returnLink(body.redirectUrl)).toBe(`https://app.example.com/bookings/${booking.bookingId}`);
});

test('GraphQL takes the address too', async () => {
  const guest = testUser();
  const { payment } = await payments.givenPayment({ guest });
  const confirmed = (returnUrl: string) =>
    payments.service.as(guest).graphql<{ confirmPayment: PaymentBody }>(CONFIRM, {
      id: payment.id,
      input: { paymentMethod: AUTHENTICATE, returnUrl },
    });
  const { errors } = await confirmed('https://evil.example/');
  expect(errors).toMatchObject([{ extensions: { code: 'request.invalid' } }]);
  const { data } = await confirmed('https://app.example.com/x');
  expect(await returnLink(data?.confirmPayment.redirectUrl ?? null)).toBe('https://app.example.com/x');
});

test.each([
  'https://evil.example/',
  'https://app.example.com.evil.example/',
  'https://app.example.com@evil.example/',
  'http://app.example.com/',
  'http://localhost:5173/',
  'javascript:alert(1)',
  '/trips',
  '',
  `https://app.example.com/${'x'.repeat(2_000)}`,
])('400 for %s, and nothing is charged', async (returnUrl) => {
  const guest = testUser();
  const { payment } = await payments.givenPayment({ guest });
  const response = await confirm(guest, payment.id, { paymentMethod: 'pm_card_visa', returnUrl });
  expectProblem(response, 400, 'request.invalid');
  expect(response.body).toMatchObject({ errors: [{ pointer: '/returnUrl' }] });
  expect(await payments.statusOf(guest, payment.id)).toBe('requires_payment_method');
});

describe('the guest’s secrets', () => {
  test('are returned until the payment is captured, also in a repeated response to one key', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    expect(payment.clientSecret).not.toBeNull();
    const key = { 'idempotency-key': randomUUID() };
    const body = { paymentMethod: AUTHENTICATE };
    const first = await confirm(guest, payment.id, body, key);
    const replayed = await confirm(guest, payment.id, body, key);
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    expect(replayed.body).toEqual(first.body);
    expect(first.body).toMatchObject({
      clientSecret: expect.any(String) as string,
      redirectUrl: expect.any(String) as string,
    });

    await submitBankForm(first.body.redirectUrl, 'approve');
    await payments.becomes(guest, payment.id, 'captured');
    const none = { clientSecret: null, redirectUrl: null };
    const again = await confirm(guest, payment.id, body, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual({ ...first.body, ...none });
    const read = await payments.service.as(guest).get<PaymentBody>(`/v1/payments/${payment.id}`);
    expect(read.body).toMatchObject({ status: 'captured', ...none });
  });

  test('are not repeated by GraphQL after the payment was voided', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    const variables = { id: payment.id, input: { paymentMethod: AUTHENTICATE } };
    const key = { 'idempotency-key': randomUUID() };
    const call = () =>
      payments.service.as(guest).graphql<{ confirmPayment: PaymentBody }>(CONFIRM, variables, key);
    expect((await call()).data?.confirmPayment.redirectUrl).toEqual(expect.any(String));
    await payments.service.deliver('booking.expired', { ...booking, state: 'expired', cause: 'hold' });
    await payments.becomes(guest, payment.id, 'voided');
    expect((await call()).data?.confirmPayment).toMatchObject({
      id: payment.id,
      clientSecret: null,
      redirectUrl: null,
    });
  });

  test.each(['refunded', 'captured', 'authorized'])(
    'are not returned of a payment that is %s',
    async (state) => {
      const guest = testUser();
      const given =
        state === 'authorized' ? await payments.givenAuthorized(guest) : await payments.givenCaptured(guest);
      if (state === 'refunded') {
        await payments.service.as(payments.admin).post(`/v1/admin/payments/${given.payment.id}/refunds`, {
          amountMinor: 27_280,
          reason: 'Goodwill',
        });
        await payments.becomes(guest, given.payment.id, 'refunded');
      }
      const { body } = await payments.service.as(guest).get<PaymentBody>(`/v1/payments/${given.payment.id}`);
      expect(body).toMatchObject({ status: state, clientSecret: null, redirectUrl: null });
    },
  );
});
