import { z } from 'zod';
import { isOrigin } from './allowed-origin.js';

/** The origins of the client's pages. Shared by the services that check origins. */
export const CorsOrigins = z
  .string()
  .default('')
  .transform((list) => list.split(',').flatMap((entry) => entry.trim() || []))
  .refine((origins) => origins.every(isOrigin))
  .meta({
    description:
      'a comma-separated list of exact origins, such as https://app.example.com, whose pages may use the API from browsers and may be the return address of a payment; * is not allowed (development also allows localhost)',
  });

/** The pages of the client that mails and return addresses lead to, each with the placeholders of its template. */
export const CLIENT_PAGES = {
  booking: ['bookingId'],
  payment: ['bookingId'],
  review: ['bookingId'],
  listing: ['listingId'],
  calendar: ['listingId'],
  messages: ['threadId'],
  payouts: [],
  'payout-account': [],
  'log-in': [],
  'forgot-password': [],
  'verify-email': ['token'],
  'reset-password': ['token'],
  'confirm-email-change': ['token'],
  'notification-settings': [],
  contact: [],
} as const satisfies Record<string, readonly string[]>;

export type ClientPage = keyof typeof CLIENT_PAGES;

/** The URL templates of the client's pages, for mails and return addresses. `parseClientUrls` reads them. */
export const ClientUrls = z
  .string()
  .default('')
  .refine((list) => parseClientUrls(list) !== null)
  .meta({
    description: `a comma-separated list of page=URL, the templates of the client’s pages, such as booking=https://app.example.com/bookings/{bookingId}; mails link to the pages that have one: ${Object.entries(
      CLIENT_PAGES,
    )
      .map(([page, names]) => [page, ...names.map((name) => `{${name}}`)].join(' '))
      .join(', ')}`,
  });

const ENTRY = /^([a-z][a-z-]{0,40})=(https?:\/\/[^\s\\,{}@/?#]+(?:[/?#][^\s\\,]*)?)$/;
const PLACEHOLDER = /\{(\w+)\}/g;

/** The template of each page. Null for an invalid list. */
export function parseClientUrls(list: string): ReadonlyMap<ClientPage, string> | null {
  const templates = new Map<ClientPage, string>();
  for (const entry of list.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const [, page, template] = ENTRY.exec(entry) ?? [];
    if (page === undefined || template === undefined || !isClientPage(page)) return null;
    if (templates.has(page) || !URL.canParse(template)) return null;
    const allowed: readonly string[] = CLIENT_PAGES[page];
    for (const [, name = ''] of template.matchAll(PLACEHOLDER)) if (!allowed.includes(name)) return null;
    if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) return null;
    templates.set(page, template);
  }
  return templates;
}

const isClientPage = (page: string): page is ClientPage => Object.hasOwn(CLIENT_PAGES, page);

/** Replaces `{name}` in a template. A placeholder without a value stays. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = values[name];
    return value === undefined ? placeholder : encodeURIComponent(value);
  });
}
