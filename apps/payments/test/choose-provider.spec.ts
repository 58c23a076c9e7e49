import { eventually, expectProblem, testUser } from '@roost/testing';
import { factories } from '../src/provider/provider.module.js';
import { SandboxProvider } from '../src/provider/sandbox-provider.js';
import {
  aBooking,
  aChange,
  LONGER,
  type PaymentBody,
  type PaymentsUnderTest,
  startPayments,
} from './payments.fixture.js';

/** A second provider that holds no money and takes two currencies: the same sandbox under another name. */
class SecondProvider extends SandboxProvider {
  override readonly name = 'paystack';
  override readonly capabilities = {
    manualCapture: false,
    idempotentRefunds: true,
    serverConfirmation: true,
    latePayments: false,
    currencies: ['NGN', 'ZAR'],
  };

  /** The page after the provider's page, by booking. */
  static readonly returnUrls = new Map<string, string | null | undefined>();

  override create(request: Parameters<SandboxProvider['create']>[0]) {
    SecondProvider.returnUrls.set(request.bookingId, request.returnUrl);
    return super.create(request);
  }
}

const original = factories.paystack;
let payments: PaymentsUnderTest;

beforeAll(async () => {
  factories.paystack = (config, tracing) =>
    new SecondProvider({
      url: config.SANDBOX_URL,
      webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
      timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
      tracing,
    });
  payments = await startPayments({
    PAYMENT_PROVIDERS: 'paystack:ZA,paystack:NGN,sandbox:USD|ZAR',
    // Both providers share one sandbox: its intents belong to one of them.
    PAYSTACK_SECRET_KEY: 'sk_test_of_the_specs_1234',
    PAYSTACK_CUSTOMER_EMAIL_DOMAIN: 'no-mail.example.com',
    CLIENT_URLS: 'booking=https://app.example.com/bookings/{bookingId}',
  });
});
afterAll(async () => {
  factories.paystack = original;
  await payments.close();
});

test.each([
  ['USD', 'US', 'sandbox'],
  ['USD', null, 'sandbox'],
  ['NGN', 'NG', 'paystack'],
  ['ZAR', 'ZA', 'paystack'],
  ['ZAR', 'NA', 'sandbox'],
  ['ZAR', undefined, 'sandbox'],
])('a payment in %s of a listing in %s is taken by %s', async (currency, countryCode, provider) => {
  const guest = testUser();
  const { payment } = await payments.givenPayment({
    guest,
    currency,
    ...(countryCode === undefined ? {} : { countryCode }),
  });
  expect(payment).toMatchObject({ provider, status: 'requires_payment_method' });
  expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
});

test('a provider with a page of its own receives the client’s page of the booking', async () => {
  const { booking } = await payments.givenPayment({ guest: testUser(), currency: 'NGN' });
  expect(SecondProvider.returnUrls.get(booking.bookingId)).toBe(
    `https://app.example.com/bookings/${booking.bookingId}`,
  );
});

test('a change is paid at the provider of its booking, although the country would choose another one', async () => {
  const guest = testUser();
  const { booking } = await payments.givenConfirmed(guest, { currency: 'ZAR', countryCode: 'ZA' });
  const change = aChange(booking, LONGER);
  const payment = await payments.givenChangePayment(guest, change);
  expect(payment).toMatchObject({ provider: 'paystack' });
});

test('a payment that no provider takes fails at once: once, with a code, without a call', async () => {
  const guest = testUser();
  const booking = aBooking({ guest, currency: 'JPY', countryCode: 'JP' });
  await payments.service.deliver('booking.created', booking, { times: 3 });
  const { body } = await eventually(async () => {
    const response = await payments.service
      .as(guest)
      .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
    expect(response).toMatchObject({ status: 200, body: { status: 'failed', failureCode: 'no_provider' } });
    return response;
  });
  const own = (await payments.service.published('payment.failed')).filter(
    ({ paymentId }) => paymentId === body.id,
  );
  expect(own).toMatchObject([{ code: 'no_provider', status: 'failed', bookingId: booking.bookingId }]);
  expectProblem(await payments.confirm(guest, body.id), 409, 'payment.wrong_state');
  const operations = await payments.service.query('SELECT FROM payment_operation WHERE payment_id = $1', [
    body.id,
  ]);
  expect(operations).toEqual([]);

  // The booking ends by that event, and its end changes nothing.
  await payments.service.deliver('booking.expired', { ...booking, state: 'expired', cause: 'hold' });
  expect(await payments.statusOf(guest, body.id)).toBe('failed');
});
