import { allowedReturnUrl } from './return-url.js';

const origins = ['https://app.example.com', 'https://app.example.com:8443', 'https://xn--bcher-kva.example'];
const check = (url: string, development = false) => allowedReturnUrl(url, { origins, development });

it.each([
  ['https://app.example.com', 'https://app.example.com/'],
  ['https://app.example.com/bookings/1?paid=1#top', 'https://app.example.com/bookings/1?paid=1#top'],
  ['https://app.example.com?x', 'https://app.example.com/?x'],
  ['HTTPS://APP.Example.COM/Path', 'https://app.example.com/Path'],
  ['https://app.example.com:443/', 'https://app.example.com/'],
  ['https://app.example.com:8443/', 'https://app.example.com:8443/'],
  ['https://app.example.com/a/../b', 'https://app.example.com/b'],
  [
    'https://app.example.com/?next=https://evil.example',
    'https://app.example.com/?next=https://evil.example',
  ],
  ['https://app.example.com//evil.example', 'https://app.example.com//evil.example'],
  ['https://bücher.example/x', 'https://xn--bcher-kva.example/x'],
])('allows %s', (url, normalized) => expect(check(url)).toBe(normalized));

it.each([
  'http://app.example.com/',
  'https://app.example.com:444/',
  'https://app.example.com:8443@evil.example/',
  'https://app.example.com@evil.example/',
  'https://evil.example@app.example.com/',
  'https://user:password@app.example.com/',
  'https://@app.example.com/',
  'https://app.example.com.evil.example/',
  'https://evil-app.example.com/',
  'https://app.example.com./',
  'https://sub.app.example.com/',
  'https://evil.example/https://app.example.com',
  'https://evil.example\\@app.example.com/',
  'https://evil.example\\.app.example.com/',
  'https:\\\\app.example.com',
  'https:/app.example.com',
  'https:app.example.com',
  'https:///app.example.com',
  '//app.example.com/',
  '/bookings/1',
  'app.example.com',
  ' https://app.example.com/',
  'https://app.example.com/\n',
  'https://app.exam\tple.com/',
  'https://app.example.com\u0000.evil.example/',
  'https://app\u200b.example.com/',
  'https://аpp.example.com/', // a Cyrillic letter
  'https://bucher.example/',
  'https://app。example.com.evil.example/',
  'javascript://app.example.com/%0aalert(1)',
  'data:text/html,https://app.example.com',
  'ftp://app.example.com/',
  'blob:https://app.example.com/1',
  'https://[::ffff:app.example.com]/',
  'https://app.example.com:99999/',
  'https://',
  '',
  'http://localhost:5173/',
])('rejects %j', (url) => expect(check(url)).toBeNull());

it.each(['http://localhost:5173/x', 'http://127.0.0.1:8080/', 'http://[::1]:3000/', 'https://localhost/'])(
  'allows %s only in development',
  (url) => {
    expect(check(url, true)).toBe(url);
    expect(check(url)).toBeNull();
  },
);

it.each(['http://localhost.evil.example/', 'http://localhost@evil.example/', 'http://0.0.0.0/'])(
  'rejects %s in development',
  (url) => expect(check(url, true)).toBeNull(),
);
