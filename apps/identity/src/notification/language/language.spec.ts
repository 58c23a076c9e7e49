import { mailLocaleOf } from '../../mail/language/languages.js';
import { localeFormat } from './locale-format.js';

it.each([
  ['fr', 'fr'],
  ['fr-CA', 'fr'],
  ['en-GB', 'en'],
  ['de', 'en'],
  ['frp', 'en'],
  ['zh-Hant-TW', 'en'],
])('mails a user with the locale %s in %s', (locale, expected) => {
  expect(mailLocaleOf(locale)).toBe(expected);
});

it.each([
  ['en', 'Thursday, June 10, 2027'],
  ['en-GB', 'Thursday, 10 June 2027'],
  ['de', 'Thursday, June 10, 2027'],
  ['fr', 'jeudi 10 juin 2027'],
  ['fr-CH', 'jeudi, 10 juin 2027'],
])('formats dates for %s in the language of the mail and the order of the region', (locale, expected) => {
  expect(localeFormat(locale).date('2027-06-10')).toBe(expected);
});

it.each([
  ['USD', '$1,234.56'],
  ['JPY', '¥123,456'],
  ['KWD', 'KWD\u00a0123.456'],
])('formats amounts in %s with the decimals of the currency', (currency, expected) => {
  expect(localeFormat('en').money(123_456, currency)).toBe(expected);
});

it('formats instants with the date and time of the time zone', () => {
  const format = localeFormat('en');
  const at = new Date('2027-06-10T19:00:00Z');
  expect([format.dateOf(at, 'Asia/Tokyo'), format.time(at, 'Asia/Tokyo')]).toEqual([
    'Friday, June 11, 2027',
    '04:00',
  ]);
  expect([format.dateOf(at, 'America/New_York'), format.time(at, 'America/New_York')]).toEqual([
    'Thursday, June 10, 2027',
    '15:00',
  ]);
});
