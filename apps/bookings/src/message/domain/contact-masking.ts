import { findAddresses } from './contact-address.js';
import { findPhones } from './contact-phone.js';
import { normalizeText } from './normalized-text.js';

/** The ways around the marketplace. */
export const CONTACT_KINDS = ['mail', 'phone', 'link', 'handle'] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

/** Characters `[start, end)` of a text. */
export interface Contact {
  kind: ContactKind;
  start: number;
  end: number;
}

export interface Hidden {
  text: string;
  /** What was found, each kind once, in the order above. */
  hidden: ContactKind[];
}

const INSTEAD: Record<ContactKind, string> = {
  mail: '[mail address hidden]',
  phone: '[phone number hidden]',
  link: '[link hidden]',
  handle: '[handle hidden]',
};

/**
 * Puts a word in the place of all by which somebody could be reached outside of the marketplace: mail addresses, phone
 * numbers, links and handles, also spelled out or drawn apart. Dates, times, prices, house numbers and codes stay. It
 * makes going around hard, not impossible: who sends one digit per message gets through.
 */
export function maskContacts(written: string): Hidden {
  const seen = normalizeText(written);
  const addresses = findAddresses(seen.text);
  const contacts = mergeOverlaps([...addresses, ...findPhones(without(seen.text, addresses))]);
  let text = '';
  let from = 0;
  for (const { kind, ...span } of contacts) {
    const [start, end] = seen.original(span.start, span.end);
    text += written.slice(from, start) + INSTEAD[kind];
    from = end;
  }
  return {
    text: text + written.slice(from),
    hidden: CONTACT_KINDS.filter((kind) => contacts.some((contact) => contact.kind === kind)),
  };
}

/** In order, and none inside of another: the one that begins first counts, of those the longer one. */
function mergeOverlaps(contacts: Contact[]): Contact[] {
  const sorted = contacts.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Contact[] = [];
  for (const contact of sorted) {
    const last = kept.at(-1);
    if (!last || contact.start >= last.end) kept.push({ ...contact });
    else last.end = Math.max(last.end, contact.end);
  }
  return kept;
}

function without(text: string, contacts: readonly Contact[]): string {
  const characters = [...Array(text.length).keys()].map((index) => text.charAt(index));
  for (const { start, end } of contacts) characters.fill('\0', start, end);
  return characters.join('');
}
