import { jest } from '@jest/globals';
import { LOCALES } from '@roost/contracts';
import { describeInBrowser, openBrowser, picture } from '@roost/testing/browser';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { startIdentity } from './identity.fixture.js';
import { CLIENT_URLS, sampleMail, sampleMails } from './mail.fixture.js';

jest.setTimeout(120_000);

/** The pictures of docs/mails.md: `UPDATE_PICTURES=1 npm test -- mail-browser` takes them. */
const PICTURES = [
  ['verify-email', undefined],
  ['booking-confirmed', 'guest'],
  ['payout-paid', 'host'],
  ['review-reminder', 'guest'],
] as const;

/** One picture with every variant of every mail, each below its name. WebP, because it is large. */
async function pictureOfAll(page: Page, locale: string): Promise<void> {
  if (!process.env.UPDATE_PICTURES) return;
  await page.setViewportSize({ width: 480, height: 100 });
  const figures: string[] = [];
  for (const { template, side, html } of sampleMails(locale)) {
    const name = side === null ? template : `${template} (${side})`;
    await page.setContent(html);
    const image = (await page.screenshot({ fullPage: true })).toString('base64');
    const img = `<img src="data:image/png;base64,${image}">`;
    figures.push(`<figure><figcaption>${name}</figcaption>${img}</figure>`);
  }
  await page.setViewportSize({ width: 2000, height: 400 });
  await page.setContent(`<!doctype html><style>
    body { columns: 6; column-gap: 12px; margin: 12px; font: 14px sans-serif }
    figure { break-inside: avoid; margin: 0 0 12px; border: 1px solid #999 }
    figcaption { padding: 4px 8px; background: #eee } img { display: block; width: 100% }
  </style>${figures.join('')}`);
  const path = new URL(`../../../docs/images/mails/all-${locale}.webp`, import.meta.url).pathname;
  await sharp(await page.screenshot({ fullPage: true }))
    .webp({ quality: 60 })
    .toFile(path);
}

describeInBrowser('mails in a browser', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 600, height: 400 } });
  });
  afterAll(() => browser.close());

  it.each(LOCALES)('fit the width of a window and of a telephone in %s', async (locale) => {
    for (const width of [600, 320]) {
      await page.setViewportSize({ width, height: 400 });
      for (const { template, html } of sampleMails(locale)) {
        await page.setContent(html);
        // Evaluated in the page, whose types the specs do not have.
        const wide = await page.evaluate<string[]>(
          `[...document.querySelectorAll('body *')].filter((each) => each.scrollWidth > ${width} ||
            each.getBoundingClientRect().right > ${width}).map((each) => each.tagName)`,
        );
        expect([template, width, wide]).toEqual([template, width, []]);
      }
    }
    await page.setViewportSize({ width: 600, height: 400 });
    for (const [template, side] of PICTURES) {
      await page.setContent(sampleMail(sampleMails(locale), template, side).html);
      await picture(page, `mails/${template}-${locale}`, { fullPage: true });
    }
    await pictureOfAll(page, locale);
  });

  it('open their link in a window of its own from the inbox of development', async () => {
    const identity = await startIdentity({ CLIENT_URLS });
    try {
      const email = await identity.register();
      const { token } = (await identity.mailsTo(email))[0] ?? {};
      const context = await browser.newContext();
      await context.route('https://app.example.com/**', (route) => route.fulfill({ body: 'A page' }));
      const inbox = await context.newPage();
      await inbox.goto(`${identity.service.url}/dev/inbox?to=${email}`);
      const opened = context.waitForEvent('page');
      await inbox.frameLocator('iframe').first().getByText('Confirm your mail address').last().click();
      const client = await opened;
      await client.getByText('A page').waitFor();
      expect(client.url()).toBe(`https://app.example.com/verify-email/${token}`);
    } finally {
      await identity.close();
    }
  });
});
