import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Whether this machine has a browser (`apt-get install chromium`). */
export const hasBrowser = CHROMIUM !== undefined;

/**
 * `describe` for specs in a browser. Where there is none they are skipped with a word, except in CI, which installs one and
 * skips nothing.
 */
export function describeInBrowser(name: string, specs: () => void): void {
  const run = process.env.CI === 'true' || hasBrowser ? describe : describe.skip;
  run(`${name} (needs chromium: apt-get install chromium)`, specs);
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens a page. `faults` lists requests to other hosts and errors of scripts. */
export async function openPage(
  browser: Browser,
  url: string,
  headers: Record<string, string> = {},
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, extraHTTPHeaders: headers });
  const faults: string[] = [];
  const { host } = new URL(url);
  page.on('request', (request) => {
    const requested = new URL(request.url());
    if (requested.protocol.startsWith('http') && requested.host !== host)
      faults.push(`requests ${requested.href}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`logs ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`throws ${error.message}`));
  await page.goto(url);
  return { page, faults };
}

/** Stores a screenshot for the documentation if `UPDATE_PICTURES` is set: of the window, or of the full page. */
export async function picture(
  page: Page,
  name: string,
  { fullPage = false }: { fullPage?: boolean } = {},
): Promise<void> {
  if (!process.env.UPDATE_PICTURES) return;
  const path = new URL(`../../../docs/images/${name}.png`, import.meta.url).pathname;
  await page.screenshot({ path, fullPage });
}
