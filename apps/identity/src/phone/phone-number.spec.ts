import { countryOf, PhoneNumber } from './phone-number.js';

test.each([
  ['+33612345678', '+33612345678', 'FR'],
  [' +33 6 12 34 56 78 ', '+33612345678', 'FR'],
  ['+44 (0)7400 123456', '+447400123456', 'GB'],
  ['+1-202-555-0123', '+12025550123', 'US'],
  ['+1 (416) 555-0199', '+14165550199', 'CA'],
])('accepts %j', (written, stored, country) => {
  expect(PhoneNumber.parse(written)).toBe(stored);
  expect(countryOf(stored)).toBe(country);
});

test.each([
  ['a national number', '06 12 34 56 78'],
  ['a number that is too short', '+33612'],
  ['a number that is too long', '+120255501231'],
  ['an unknown country', '+999612345678'],
  ['a landline', '+33 1 23 45 67 89'],
  ['a premium number', '+33 8 91 12 34 56'],
  ['an extension', '+1 202 555 0123 ext. 7'],
  ['a number in a text', 'call +12025550123'],
  ['two numbers', '+12025550123,+12025550124'],
  ['a header', '+12025550123\r\nTo: +12025550124'],
  ['a number in the syntax of links', 'tel:+12025550123;phone-context=+44'],
  ['an empty text', ''],
  ['a long text', `+33${'6'.repeat(10_000)}`],
])('rejects %s', (_, written) => {
  expect(PhoneNumber.safeParse(written).success).toBe(false);
});
