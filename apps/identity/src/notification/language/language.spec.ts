import { english } from './en.js';
import { languageOf, wordsOf } from './language.js';

it('a language that there is no file for is English', () => {
  for (const locale of ['en', 'en-GB', 'de', 'zh-Hant-TW']) expect(languageOf(locale)).toBe(english);
});

it.each([
  ['en', 'Thursday, June 10, 2027'],
  ['en-GB', 'Thursday, 10 June 2027'],
  ['de', 'Thursday, June 10, 2027'],
])('dates for %s: in the words of the mail, in the order of the region', (locale, expected) => {
  expect(wordsOf(locale, english).date('2027-06-10')).toBe(expected);
});

it.each([
  ['USD', '$1,234.56'],
  ['JPY', '¥123,456'],
  ['KWD', 'KWD\u00a0123.456'],
])('amounts in %s have the decimals of the currency', (currency, expected) => {
  expect(wordsOf('en', english).money(123_456, currency)).toBe(expected);
});

it('instants are told by the clocks of the place, on its date', () => {
  const words = wordsOf('en', english);
  const at = new Date('2027-06-10T19:00:00Z');
  expect([words.dateOf(at, 'Asia/Tokyo'), words.time(at, 'Asia/Tokyo')]).toEqual([
    'Friday, June 11, 2027',
    '04:00',
  ]);
  expect([words.dateOf(at, 'America/New_York'), words.time(at, 'America/New_York')]).toEqual([
    'Thursday, June 10, 2027',
    '15:00',
  ]);
});
