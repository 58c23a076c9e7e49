import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { addDays, nights } from '@roost/stay';
import { eventually, testUser, type TestUser } from '@roost/testing';
import { describeInBrowser, openBrowser, openPage } from '@roost/testing/browser';
import type { Browser, Page } from 'playwright-core';
import { type BookingBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

jest.setTimeout(120_000);

/** A stay of nights with weekend prices and 12 other lines. */
function aLongStay(count: number, label: string): Partial<BookingBody> {
  const night = nights('2030-05-01', addDays('2030-05-01', count)).map((date, n) => ({
    ...{ kind: 'night' as const, date, label: 'Night' },
    amountMinor: n % 7 < 2 ? 12_000 : 10_000,
  }));
  const line = (kind: 'extra_guest' | 'cleaning' | 'service_fee' | 'tax', amountMinor: number) => ({
    ...{ kind, date: null, label: kind === 'tax' ? label : kind },
    amountMinor,
  });
  const fees = [line('extra_guest', 5_000), line('cleaning', 2_000)];
  const serviceFee = line('service_fee', 3_000);
  const taxes = Array.from({ length: 8 }, () => line('tax', 100));
  const totalOf = (lines: { amountMinor: number }[]) =>
    lines.reduce((sum, each) => sum + each.amountMinor, 0);
  const lines = [...night, ...fees, serviceFee, ...taxes];
  return {
    checkInDate: '2030-05-01',
    checkOutDate: addDays('2030-05-01', count),
    lines,
    totalMinor: totalOf(lines),
    hostPayoutMinor: totalOf([...night, ...fees]),
    platformFeeMinor: serviceFee.amountMinor,
    taxMinor: totalOf(taxes),
  };
}

describeInBrowser('the page of a receipt in a browser', () => {
  let payments: PaymentsUnderTest;
  let browser: Browser;
  beforeAll(async () => {
    [payments, browser] = await Promise.all([startPayments(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await payments.close();
  });

  const named = (userId: string, displayName: string) =>
    payments.service.deliver(
      'user.registered',
      { userId, displayName, locale: 'en', roles: ['guest'], emailVerified: true, status: 'active' },
      { version: 1 },
    );

  async function givenReceipt(options: {
    booking: Partial<BookingBody>;
    guestName: string;
    title: string;
    refunds: number;
  }): Promise<{ guest: TestUser; paymentId: string }> {
    const guest = testUser();
    const listingId = randomUUID();
    await named(guest.id, options.guestName);
    await payments.service.query('INSERT INTO listing_name (listing_id, version, title) VALUES ($1, 1, $2)', [
      listingId,
      options.title,
    ]);
    const { payment } = await payments.givenCaptured(guest, { listingId, ...options.booking });
    for (let n = 0; n < options.refunds; n++) {
      await payments.service.as(payments.admin).post(`/v1/admin/payments/${payment.id}/refunds`, {
        ...{ amountMinor: 500 + n, reason: 'A broken heater' },
      });
    }
    await eventually(async () => {
      const receipt = await payments.service
        .as(guest)
        .get<{ creditNotes: object[] }>(`/v1/payments/${payment.id}/receipt`, { accept: 'application/json' });
      expect(receipt.body.creditNotes).toHaveLength(options.refunds);
    });
    return { guest, paymentId: payment.id };
  }

  async function open({ guest, paymentId }: { guest: TestUser; paymentId: string }) {
    return openPage(browser, `${payments.service.url}/v1/payments/${paymentId}/receipt`, {
      authorization: `Bearer ${guest.token}`,
    });
  }

  async function printedPages(page: Page, format: 'A4' | 'Letter'): Promise<number> {
    const pdf = await page.pdf({ format });
    return pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
  }

  const LONG_TITLE = 'The old lighthouse keeper’s house above the harbour '.repeat(4).trim();

  test.each([
    ['a typical stay', {}, 'Ada Lovelace', 'A house by the sea', 1],
    ['30 nights with weekend prices', aLongStay(30, 'City tax '.repeat(8)), 'Ada', LONG_TITLE, 4],
    ['a year', aLongStay(365, 'Occupancy tax'), 'x'.repeat(60), 'w'.repeat(200), 4],
    ['names from right to left', {}, 'ليلى العامرية (٣)', 'בית ליד הים!', 1],
  ])('%s prints on one page of A4 and of US Letter', async (_, booking, guestName, title, refunds) => {
    const { page, faults } = await open(await givenReceipt({ booking, guestName, title, refunds }));
    await page.getByRole('heading', { name: /^Receipt DEV-\d{6}$/ }).waitFor();
    expect(await printedPages(page, 'A4')).toBe(1);
    expect(await printedPages(page, 'Letter')).toBe(1);
    const overflows = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflows).toBe(false);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('is readable on a phone and names its parts for assistive technology', async () => {
    const given = await givenReceipt({ booking: {}, guestName: 'Ada', title: LONG_TITLE, refunds: 1 });
    const { page, faults } = await open(given);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
    const charged = page.getByRole('table', { name: 'Charged' });
    expect(await charged.getByRole('columnheader').allInnerTexts()).toEqual(['Description', 'Amount']);
    expect(await charged.getByRole('row', { name: /2 nights at \$100.00/ }).innerText()).toContain('$200.00');
    expect(await charged.getByRole('row', { name: /Total paid/ }).innerText()).toContain('$272.80');
    const notes = page.getByRole('table', { name: 'Credit notes' });
    expect(await notes.getByRole('row', { name: /customer support/ }).innerText()).toContain('-$5.00');
    expect(await notes.getByRole('row', { name: /Paid after refunds/ }).innerText()).toContain('$267.80');
    // The policy blocks styles and scripts that are not the page's own.
    expect(await page.evaluate('getComputedStyle(document.querySelector("header")).display')).toBe('flex');
    expect(faults).toEqual([]);
    await page.close();
  });
});
