import { jest } from '@jest/globals';
import { aPublishedListing, eventually, TestClient } from '@roost/testing';
import { describeInBrowser, openBrowser, openPage, picture } from '@roost/testing/browser';
import type { Browser } from 'playwright-core';
import { freshEnvironment, stopAll, run } from './launcher.js';
import { dayAhead } from './marketplace.fixture.js';

jest.setTimeout(120_000);

describeInBrowser('pages in a browser', () => {
  let gateway: string;
  let browser: Browser;

  beforeAll(async () => {
    const env = await freshEnvironment();
    const roost = run({ ...env, RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' });
    await roost.prints('Roost is ready');
    gateway = `http://127.0.0.1:${env.PORT}`;
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await stopAll();
  });

  test('Swagger UI shows the routes, and "try it out" sends a request to the gateway', async () => {
    // The link opens the operation. Swagger UI renders only the operations in view.
    const link = `${gateway}/docs#/Search/SearchController_search`;
    const { page, faults } = await openPage(browser, link);
    const operation = page.locator('.opblock.is-open');
    await operation.locator('tr[data-param-name="city"] input').fill('Lisbon');
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    expect(await operation.locator('.request-url').innerText()).toContain('/v1/listings/search?city=Lisbon');
    await picture(page, 'swagger-ui');
    // The ids of operations contain `_`, which an earlier version of the links had instead of a space.
    expect(faults.filter((fault) => !fault.includes('escaping deep link whitespace'))).toEqual([]);
  });

  test('GraphiQL runs a query', async () => {
    const { page, faults } = await openPage(
      browser,
      `${gateway}/graphql?query=${encodeURIComponent('{ __typename listings(first: 1) { pageInfo { hasNextPage } } }')}`,
    );
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('.result-window', { hasText: 'hasNextPage' }).waitFor();
    await picture(page, 'graphiql');
    expect(faults).toEqual([]);
  });

  test('the inbox shows a mail as in a mail client', async () => {
    const anyone = new TestClient(gateway);
    await anyone.post('/v1/auth/register', {
      email: 'reader@tests.roost.example',
      password: 'harbour lantern sixty',
      displayName: 'Reader <b>of</b> mail',
    });
    const { page, faults } = await openPage(browser, `${gateway}/dev/inbox?to=reader@tests.roost.example`);
    await page.getByText('Confirm your mail address').first().waitFor();
    const mail = page.frameLocator('iframe').first();
    await mail.getByText('Reader <b>of</b> mail').waitFor();
    await picture(page, 'inbox');
    expect(faults).toEqual([]);
  });

  test('an error page describes the fix', async () => {
    const { page, faults } = await openPage(browser, `${gateway}/errors/booking.dates_unavailable`);
    await page.getByRole('heading', { name: 'How to fix it' }).waitFor();
    await page.getByRole('link', { name: 'All error codes' }).click();
    await page.getByRole('heading', { name: 'Error codes' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a receipt shows what the guest has paid', async () => {
    const anyone = new TestClient(gateway);
    const signedIn = async (...roles: string[]) => {
      const { body } = await anyone.post<{ accessToken: string }>('/dev/users', {
        roles,
        emailVerified: true,
      });
      return { authorization: `Bearer ${body.accessToken}` };
    };
    const listingId = await aPublishedListing(anyone.with(await signedIn('guest', 'host')));
    const headers = await signedIn('guest');
    const guest = anyone.with(headers);
    const quote = await eventually(async () => {
      const made = await guest.post<{ id: string }>('/v1/quotes', {
        ...{ listingId, checkInDate: dayAhead(30), checkOutDate: dayAhead(34) },
        guests: { adults: 2, children: [], infants: 0, pets: 0 },
      });
      expect(made.status).toBe(201);
      return made.body;
    });
    const booking = await guest.post<{ id: string }>('/v1/bookings', { quoteId: quote.id });
    const payment = await guest.get<{ id: string }>(`/v1/bookings/${booking.body.id}/payment`, {
      prefer: 'wait=10',
    });
    await guest.post(`/v1/payments/${payment.body.id}/confirm`, { paymentMethod: 'pm_card_visa' });
    const path = `/v1/payments/${payment.body.id}/receipt`;
    const { page, faults } = await openPage(browser, `${gateway}${path}`, headers);
    await page.getByRole('heading', { name: /^Receipt DEV-\d{6}$/ }).waitFor();
    await page.getByText('A flat at the end of the line').waitFor();
    const charged = page.getByRole('table', { name: 'Charged' });
    expect(await charged.getByRole('row', { name: /4 nights at €100.00/ }).innerText()).toContain('€400.00');
    expect(await charged.getByRole('row', { name: /Total paid/ }).innerText()).toContain('€456.00');
    // The gateway forwards the policy of the page, which allows its style.
    expect(await page.evaluate('getComputedStyle(document.querySelector("header")).display')).toBe('flex');
    expect(faults).toEqual([]);
  });
});
