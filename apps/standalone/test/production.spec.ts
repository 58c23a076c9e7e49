import { createHmac } from 'node:crypto';
import { jest } from '@jest/globals';
import { startSandbox } from '@roost/app-sandbox';
import { createLogger } from '@roost/platform';
import { eventually, freshDatabase, TestClient } from '@roost/testing';
import { hasBrowser, openBrowser } from '@roost/testing/browser';
import { type Env, freshEnvironment, freshFolder, type Run, run, stopAll } from './launcher.js';
import { SecureMailServer } from './mail-server.fixture.js';
import { Operator } from './operator.fixture.js';
import { aPublishedListing } from './published-listing.js';

jest.setTimeout(180_000);

const WITH_STRIPE = new URL('./stripe-stand-in.fixture.ts', import.meta.url).pathname;
const PASSWORD = 'quiet harbour lamp';
const CLIENT = 'https://app.example.com';

const mails = new SecureMailServer(freshFolder());
let provider: Awaited<ReturnType<typeof startSandbox>>;
let env: Env;
let roost: Run;
let gateway: TestClient;

beforeAll(async () => {
  provider = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    databaseUrl: await freshDatabase('roost_stripe_stand_in'),
    webhookUrl: 'http://127.0.0.1:9/none',
    webhookSecret: 'webhooks-are-not-sent-by-the-stand-in',
    logger: createLogger('stripe-stand-in', 'silent'),
  });
  env = {
    ...(await freshEnvironment()),
    ROOST_ENV: 'production',
    ROOST_DEMO: 'off',
    // The machine of a spec has no proxy with TLS.
    BIND_HOST: '127.0.0.1',
    PUBLIC_URL: 'https://roost.example.com',
    MAILER: 'smtp',
    SMTP_URL: await mails.start(),
    NODE_EXTRA_CA_CERTS: mails.certificateFile,
    PAYMENT_PROVIDERS: 'stripe',
    STRIPE_SECRET_KEY: 'sk_test_of_the_specs',
    STRIPE_WEBHOOK_SECRET: 'whsec_of_the_specs',
    STRIPE_PUBLISHABLE_KEY: 'pk_test_of_the_specs',
    STRIPE_STAND_IN_URL: provider.url,
    PAYMENT_CHECK_SECONDS: '1',
    CLIENT_URLS: `booking=${CLIENT}/bookings/{bookingId}`,
    RATE_LIMIT_PER_MINUTE: '0',
  };
  roost = run(env, WITH_STRIPE);
  await roost.prints('Roost is ready');
  gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
});
afterAll(async () => {
  await stopAll();
  await provider.close();
  await mails.stop();
});

const addressOf = (name: string) => `${name}@users.example.com`;

/** A user who has confirmed the mail address with the code that the mail has. */
async function signedUp(name: string): Promise<TestClient> {
  const email = addressOf(name);
  const registration = { email, password: PASSWORD, displayName: name };
  expect(await gateway.post('/v1/auth/register', registration)).toMatchObject({ status: 202 });
  const token = await eventually(() => {
    const [, code] = /^ {4}(\S+)\r?$/m.exec(mails.newestTo(email) ?? '') ?? [];
    if (code === undefined) throw new Error('the mail has not arrived');
    return Promise.resolve(code);
  });
  expect(await gateway.post('/v1/auth/verify-email', { token })).toMatchObject({ status: 204 });
  return loggedIn(name);
}

async function loggedIn(name: string): Promise<TestClient> {
  const { body } = await gateway.post<{ accessToken: string }>('/v1/auth/login', {
    email: addressOf(name),
    password: PASSWORD,
  });
  return gateway.with({ authorization: `Bearer ${body.accessToken}` });
}

test('production starts with a real provider, and tells clients its key', async () => {
  const { body } = await gateway.get('/v1/config');
  expect(body).toMatchObject({
    providers: [{ name: 'stripe', publishableKey: 'pk_test_of_the_specs', currencies: null }],
  });
  // Webhooks of the sandbox are not accepted: its default secret is public.
  const time = Math.floor(Date.now() / 1_000);
  const webhook = JSON.stringify({ id: 'evt_1', type: 'intent.captured', data: {} });
  const signature = createHmac('sha256', 'sandbox-webhook-secret-for-development')
    .update(`${time}.${webhook}`)
    .digest('hex');
  const response = await fetch(`http://127.0.0.1:${env.PORT}/v1/webhooks/sandbox`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sandbox-signature': `t=${time},v1=${signature}` },
    body: webhook,
  });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 404,
    body: { code: 'route.not_found' },
  });
});

test.each(['GET /dev/inbox', 'POST /dev/users', 'POST /dev/clock', 'GET /graphiql'])(
  'production has no %s',
  async (route) => {
    const [method = '', path = ''] = route.split(' ');
    const response = await fetch(`http://127.0.0.1:${env.PORT}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    await response.body?.cancel();
    expect(response.status).toBe(404);
  },
);

interface TestPayment {
  /** The path of the booking. */
  booking: string;
  id: string;
  chargeMinor: number;
}

/** The payment of a new booking, ready to be confirmed. */
async function givenPayment(guest: TestClient, listingId: string, inDays: number): Promise<TestPayment> {
  const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const stay = { checkInDate: date(inDays), checkOutDate: date(inDays + 2), guests: { adults: 2 } };
  // The event of the listing arrives shortly after its publishing.
  const quote = await eventually(async () => {
    const response = await guest.post<{ id: string; chargeMinor: number }>('/v1/quotes', {
      listingId,
      ...stay,
    });
    expect(response.status).toBe(201);
    return response.body;
  });
  const { body } = await guest.post<{ id: string }>('/v1/bookings', { quoteId: quote.id });
  const booking = `/v1/bookings/${body.id}`;
  const payment = await guest.get<{ id: string }>(`${booking}/payment`, { prefer: 'wait=10' });
  expect(payment.body).toMatchObject({ provider: 'stripe', status: 'requires_payment_method' });
  return { booking, id: payment.body.id, chargeMinor: quote.chargeMinor };
}

const isConfirmed = (guest: TestClient, { booking }: TestPayment) =>
  eventually(async () => expect((await guest.get(booking)).body).toMatchObject({ state: 'confirmed' }));

describe('a host and a guest who have signed up by mail', () => {
  let guest: TestClient;
  let listingId: string;

  beforeAll(async () => {
    guest = await signedUp('guest');
    const host = await signedUp('host');
    expect(await host.post('/v1/me/host')).toMatchObject({ status: 200 });
    listingId = await aPublishedListing(await loggedIn('host'));
  });

  test('a booking is paid, confirmed and in the books', async () => {
    const payment = await givenPayment(guest, listingId, 30);
    const confirm = (body: object) => guest.post(`/v1/payments/${payment.id}/confirm`, body);
    const card = { paymentMethod: 'pm_card_visa' };
    // Only development allows pages of this machine.
    for (const returnUrl of ['http://localhost:5173/', 'https://evil.example/'])
      expect(await confirm({ ...card, returnUrl })).toMatchObject({ status: 400 });
    expect(await confirm({ ...card, returnUrl: `${CLIENT}/thanks` })).toMatchObject({
      status: 200,
      body: { status: 'captured', capturedMinor: payment.chargeMinor, clientSecret: null },
    });
    await isConfirmed(guest, payment);
    await eventually(() => {
      expect(mails.newestTo(addressOf('guest'))).toContain('confirmed');
      return Promise.resolve();
    });
    const books = await new Operator(env).query<{ net: string }>(
      'payments',
      `SELECT sum(m.amount_minor)::text AS net FROM movement m JOIN ledger_account a ON a.id = m.debit_id
       WHERE a.code = 'provider_clearing' AND m.payment_id = $1`,
      [payment.id],
    );
    expect(books).toEqual([{ net: String(payment.chargeMinor) }]);
  });

  (hasBrowser ? test : test.skip)('a browser returns from the bank’s page to the client', async () => {
    const payment = await givenPayment(guest, listingId, 40);
    const waiting = await guest.post<{ redirectUrl: string }>(`/v1/payments/${payment.id}/confirm`, {
      paymentMethod: 'pm_card_authenticationRequired',
      returnUrl: `${CLIENT}/thanks?booking=1`,
    });
    expect(waiting.body).toMatchObject({ status: 'requires_action' });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.route(`${CLIENT}/**`, (route) => route.fulfill({ body: 'Thank you' }));
      await page.goto(waiting.body.redirectUrl);
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('link', { name: 'Back to the shop' }).click();
      await page.waitForURL(`${CLIENT}/thanks?booking=1`);
    } finally {
      await browser.close();
    }
    await isConfirmed(guest, payment);
  });
});

test('a stop is clean', async () => {
  expect(await roost.ends('SIGTERM')).toBe(0);
});
