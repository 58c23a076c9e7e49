import { findBankAccounts } from './bank-account.js';
import { findAddresses } from './contact-address.js';
import { findPhones } from './contact-phone.js';
import { type Contact, CONTACT_KINDS, type ContactKind } from './contact.js';
import { normalizeText } from './normalized-text.js';

export interface MaskedText {
  text: string;
  /** The kinds that were found, each once, in the order of `CONTACT_KINDS`. */
  hidden: ContactKind[];
}

const REPLACEMENT: Record<ContactKind, string> = {
  mail: '[mail address hidden]',
  phone: '[phone number hidden]',
  link: '[link hidden]',
  handle: '[handle hidden]',
  bank_account: '[bank account hidden]',
};

/**
 * Replaces contact details (mail addresses, phone numbers, links, handles and bank accounts), including spelled-out and spaced-out ones.
 * Dates, times, prices, house numbers and codes are kept. It makes bypassing the marketplace hard, not impossible: one digit
 * per message is not detected.
 */
export function maskContacts(original: string): MaskedText {
  const { text, found } = maskEachContact(original);
  return { text, hidden: CONTACT_KINDS.filter((kind) => found.includes(kind)) };
}

/** Masks as `maskContacts` does; `found` has the kind of every contact, in the order of the text. */
export function maskEachContact(original: string): { text: string; found: ContactKind[] } {
  const normalized = normalizeText(original);
  const addresses = findAddresses(normalized.text);
  const accounts = findBankAccounts(normalized.text);
  const phones = findPhones(blankOut(normalized.text, [...addresses, ...accounts]));
  const contacts = mergeOverlaps([...addresses, ...accounts, ...phones]);
  let text = '';
  let from = 0;
  for (const { kind, ...span } of contacts) {
    const [start, end] = normalized.original(span.start, span.end);
    text += original.slice(from, start) + REPLACEMENT[kind];
    from = end;
  }
  return { text: text + original.slice(from), found: contacts.map(({ kind }) => kind) };
}

/** In order, without overlaps: overlapping contacts become one, of the kind that starts first, or of the longest. */
function mergeOverlaps(contacts: Contact[]): Contact[] {
  const sorted = contacts.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const merged: Contact[] = [];
  for (const contact of sorted) {
    const last = merged.at(-1);
    if (!last || contact.start >= last.end) merged.push({ ...contact });
    else last.end = Math.max(last.end, contact.end);
  }
  return merged;
}

/** Replaces the contacts by `\0` characters. */
function blankOut(text: string, contacts: readonly Contact[]): string {
  const characters = [...Array(text.length).keys()].map((index) => text.charAt(index));
  for (const { start, end } of contacts) characters.fill('\0', start, end);
  return characters.join('');
}
