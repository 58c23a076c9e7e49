import { isAllowedOrigin, isOrigin } from './allowed-origin.js';

it.each(['https://app.example.com', 'http://localhost:5173', 'https://app.example.com:8443'])(
  '%s is an origin',
  (text) => expect(isOrigin(text)).toBe(true),
);

it.each([
  '*',
  'null',
  'https://app.example.com/',
  'https://app.example.com/path',
  'app.example.com',
  'ftp://a',
])('%s is not an origin', (text) => expect(isOrigin(text)).toBe(false));

it.each([
  ['http://localhost:5173', true, true],
  ['http://127.0.0.1:3000', true, true],
  ['http://localhost:5173', false, false],
  ['http://localhost.evil.example', true, false],
  ['https://app.example.com', false, true],
  ['https://app.example.com.evil.example', true, false],
  ['http://app.example.com', false, false],
])('%s (development: %s) is allowed: %s', (origin, development, allowed) => {
  expect(isAllowedOrigin(origin, { origins: ['https://app.example.com'], development })).toBe(allowed);
});
