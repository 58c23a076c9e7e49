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

/** The URL templates of the client's pages, for mails and return addresses. `parseClientUrls` reads them. */
export const ClientUrls = z
  .string()
  .default('')
  .refine((list) => parseClientUrls(list) !== null)
  .meta({
    description:
      'a comma-separated list of page=URL, the templates of the client’s pages, such as booking=https://app.example.com/bookings/{bookingId}',
  });

const ENTRY = /^([a-z][a-z-]{0,40})=(https?:\/\/[^\s\\,{}@/?#]+(?:[/?#][^\s\\,]*)?)$/;

/** The template of each page. Null for an invalid list. */
export function parseClientUrls(list: string): ReadonlyMap<string, string> | null {
  const templates = new Map<string, string>();
  for (const entry of list.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const [, page, template] = ENTRY.exec(entry) ?? [];
    if (page === undefined || template === undefined) return null;
    if (templates.has(page) || !URL.canParse(template)) return null;
    templates.set(page, template);
  }
  return templates;
}

/** Replaces `{name}` in a template. A placeholder without a value stays. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    return value === undefined ? placeholder : encodeURIComponent(value);
  });
}
