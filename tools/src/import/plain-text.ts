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

const MAIL = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/gu;
const PHONES = [
  // +44 7940 313023, 0044 …
  /(?<![\p{L}\p{N}/])(?:\+|00)\d[\d ().-]{7,18}\d(?![\p{L}\p{N}/])/gu,
  // 07940313023, (0131) 447 9904
  /(?<![\p{L}\p{N}/.])\(?0[1-9](?:[ ().-]{0,2}\d){8,9}(?![\p{L}\p{N}/])/gu,
  // 518 555 0142, (518) 555-0142, 5185550142
  /(?<![\p{L}\p{N}/.+])\(?[1-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\p{L}\p{N}/])/gu,
  /(?<![\p{L}\p{N}/.+-])[2-9]\d{2}[2-9]\d{6}(?![\p{L}\p{N}/-])/gu,
];

export interface Masked {
  text: string;
  mails: number;
  phones: number;
}

/** Masks contact data. Dates, prices and licence numbers stay. */
export function masked(text: string): Masked {
  let mails = 0;
  let phones = 0;
  let result = text.replace(MAIL, () => {
    mails += 1;
    return '[mail address hidden]';
  });
  for (const phone of PHONES) {
    result = result.replace(phone, () => {
      phones += 1;
      return '[phone number hidden]';
    });
  }
  return { text: result, mails, phones };
}
