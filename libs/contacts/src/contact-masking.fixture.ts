import { maskContacts } from './contact-masking.js';
import type { ContactKind } from './contact.js';

const MARK: Record<ContactKind, string> = {
  mail: '[mail address hidden]',
  phone: '[phone number hidden]',
  link: '[link hidden]',
  handle: '[handle hidden]',
  bank_account: '[bank account hidden]',
};

/** Checks that the parts in `{…}` are masked and all other text is unchanged. */
export function expectMasked(kind: ContactKind, marked: string): void {
  const written = marked.replace(/[{}]/gu, '');
  const { text, hidden } = maskContacts(written);
  const expected = marked.replace(/\{[^{}]*\}/gu, MARK[kind]);
  expect({ written, text, hidden }).toEqual({ written, text: expected, hidden: [kind] });
}
