import { type ContactKind, maskEachContact, normalizeText } from '@roost/contacts';
import { decodeHTML } from 'entities';

const LINE_BREAK = /<br\s*\/?>|<\/p>\s*<p[^>]*>/gi;
const TAG = /<\/?(?:b|i|u|em|strong|p|ul|ol|li|div|span|a|h[1-6])(?:\s[^<>]*)?>/gi;

/** The visible text of HTML: line breaks as line breaks, entities decoded, no tags. `<3` is kept. */
export function plainText(html: string): string {
  return decodeHTML(html.replace(LINE_BREAK, '\n').replace(TAG, ''))
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .replace(/[^\S\n]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

export const oneLine = (html: string): string => plainText(html).replace(/\s+/gu, ' ');

/** A name in one line, without contact data; the fallback if a reader would see nothing of it. */
export function nameOf(html: string, fallback: string, notes: string[]): string {
  const name = withoutContacts(oneLine(html), notes);
  return isInvisible(name) ? fallback : name;
}

/** Whether a reader would see nothing of the text: the services reject it. */
export const isInvisible = (text: string): boolean => normalizeText(text).text.trim() === '';

const MASKED: Record<ContactKind, string> = {
  mail: 'mail address masked',
  phone: 'phone number masked',
  link: 'link masked',
  handle: 'handle masked',
  bank_account: 'bank account masked',
};

/** Masks contact data as messages do, and adds a note for each. */
export function withoutContacts(text: string, notes: string[]): string {
  const { text: masked, found } = maskEachContact(text);
  notes.push(...found.map((kind) => MASKED[kind]));
  return masked;
}
