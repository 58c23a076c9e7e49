import { maskContacts } from '@roost/contacts';
import { ContactMasking } from '@roost/http';
import { MAX_PARAGRAPHS, MAX_TITLE } from './listing-limits.js';

interface Texts {
  title?: string | undefined;
  description?: string | undefined;
  houseRules?: string | undefined;
}

/** The texts that guests read before a booking; the address and the registration number are not texts. */
const LIMITS = { title: MAX_TITLE, description: MAX_PARAGRAPHS, houseRules: MAX_PARAGRAPHS };
const NAMES = Object.keys(LIMITS) as (keyof Texts)[];

/** A copy with contact data masked. `at`: the place of the texts in the request. */
export function maskTexts<T extends Texts>(texts: T, masking = new ContactMasking(), at = ''): T {
  const masked = { ...texts };
  for (const name of NAMES) {
    const text = texts[name];
    if (text !== undefined)
      masked[name] = masking.mask(`${at}/${name}`, text, LIMITS[name]) as T[typeof name];
  }
  return masked;
}

/** JSON pointers to the texts with contact data. */
export const textsWithContacts = (texts: Texts): string[] =>
  NAMES.filter((name) => maskContacts(texts[name] ?? '').hidden.length > 0).map((name) => `/${name}`);
