import { hostOf, maskedUrl, portOf, readFeedUrl } from './feed-url.js';

const read = (text: string): URL => {
  const url = readFeedUrl(text);
  if (typeof url === 'string') throw new Error(url);
  return url;
};

test.each([
  ['https://www.airbnb.com/calendar/ical/1.ics?s=abc', 'https://www.airbnb.com/calendar/ical/1.ics?s=abc'],
  [' http://example.com:8080/a#top ', 'http://example.com:8080/a'],
  ['webcal://example.com/a.ics', 'https://example.com/a.ics'],
  ['WEBCALS://example.com/a.ics', 'https://example.com/a.ics'],
  ['https://bücher.example/a', 'https://xn--bcher-kva.example/a'],
])('accepts %s', (text, href) => expect(read(text).href).toBe(href));

test.each([
  ['', 'Must be a URL'],
  ['airbnb.com/calendar.ics', 'Must be a URL'],
  ['https://', 'Must be a URL'],
  ['ftp://example.com/a.ics', 'Must begin with https:// or http://'],
  ['file:///etc/passwd', 'Must begin with https:// or http://'],
  ['data:text/calendar,BEGIN:VCALENDAR', 'Must begin with https:// or http://'],
  ['gopher://example.com/', 'Must begin with https:// or http://'],
  ['https://ada@example.com/a.ics', 'Must not contain a user name or password'],
  ['https://ada:secret@example.com/a.ics', 'Must not contain a user name or password'],
  ['http://localhost/a.ics', 'Must be a server of the public internet'],
  ['http://LOCALHOST./a.ics', 'Must be a server of the public internet'],
  ['http://api.localhost/a.ics', 'Must be a server of the public internet'],
  ['http://printer.local/a.ics', 'Must be a server of the public internet'],
  ['http://metadata.google.internal/', 'Must be a server of the public internet'],
  ['http://redis:6379/', 'Must be a server of the public internet'],
  [`https://example.com/${'a'.repeat(2_000)}`, 'Must have at most 2000 characters'],
])('rejects %.60s', (text, reason) => expect(readFeedUrl(text)).toBe(reason));

test.each([
  ['http://2130706433/', '127.0.0.1'],
  ['http://0x7f000001/', '127.0.0.1'],
  ['http://0177.0.0.1/', '127.0.0.1'],
  ['http://127.1/', '127.0.0.1'],
  ['http://0/', '0.0.0.0'],
  ['http://①②⑦.0.0.1/', '127.0.0.1'],
  ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
  ['http://[::1]:8080/', '::1'],
])('the host of %s is the normalized address', (text, host) => expect(hostOf(read(text))).toBe(host));

test('returns the port and the masked URL', () => {
  expect(
    [read('https://a.example/'), read('http://a.example/'), read('http://a.example:8080/')].map(portOf),
  ).toEqual([443, 80, 8080]);
  expect(maskedUrl(read('https://www.airbnb.com/calendar/ical/1.ics?s=abc'))).toBe(
    'https://www.airbnb.com/…',
  );
});
