import { createHmac } from 'node:crypto';
import type { TestClient } from '@roost/testing';
import { hasBrowser, openBrowser } from '@roost/testing/browser';
import { FakeStripe } from '@roost/testing/fake-stripe';
import { CLIENT, ProductionRoost } from './production.fixture.js';

let stripe: FakeStripe;
let production: ProductionRoost;

beforeAll(async () => {
  stripe = await FakeStripe.start();
  production = await ProductionRoost.start(stripe.env);
  stripe.webhookUrl = `http://127.0.0.1:${production.env.PORT}/v1/webhooks/stripe`;
});
afterAll(async () => {
  await production.stop();
  await stripe.stop();
});

const urlOf = (path: string) => `http://127.0.0.1:${production.env.PORT}${path}`;

test('production starts with a real provider, and tells clients its key', async () => {
  const { body } = await production.gateway.get('/v1/config');
  expect(body).toMatchObject({
    providers: [{ name: 'stripe', publishableKey: 'pk_test_of_the_specs', confirmation: 'client' }],
  });
  // Webhooks of the sandbox are not accepted: its default secret is public.
  const time = Math.floor(Date.now() / 1_000);
  const webhook = JSON.stringify({ id: 'evt_1', type: 'intent.captured', data: {} });
  const signature = createHmac('sha256', 'sandbox-webhook-secret-for-development')
    .update(`${time}.${webhook}`)
    .digest('hex');
  const response = await fetch(urlOf('/v1/webhooks/sandbox'), {
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
    const response = await fetch(urlOf(path), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    await response.body?.cancel();
    expect(response.status).toBe(404);
  },
);

describe('a host and a guest who have signed up by mail', () => {
  let guest: TestClient;
  let listingId: string;

  beforeAll(async () => {
    ({ guest, listingId } = await production.marketplace());
  });

  test('a booking is paid, confirmed and in the books', () => production.expectPaidBooking(guest, listingId));

  (hasBrowser ? test : test.skip)('a browser returns from the bank’s page to the client', async () => {
    const payment = await production.givenPayment(guest, listingId, 40);
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
      await page.waitForURL(`${CLIENT}/thanks?booking=1`);
    } finally {
      await browser.close();
    }
    await production.isConfirmed(guest, payment);
  });
});

test('a stop is clean', async () => {
  expect(await production.roost.ends('SIGTERM')).toBe(0);
});
