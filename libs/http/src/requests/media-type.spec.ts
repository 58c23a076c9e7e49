import { preferredMediaType } from './media-type.js';

test.each([
  [undefined, 'text/html'],
  ['', 'text/html'],
  ['*/*', 'text/html'],
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['application/*', 'application/json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['application/json, text/html;q=0.9', 'application/json'],
  ['application/json;q=0.5, text/html;q=0.9', 'text/html'],
  ['application/json, text/*;q=0.1', 'application/json'],
  ['text/html;q=0, */*', 'application/json'],
  ['application/json;q=2', 'text/html'],
  ['application/json;q=x', 'text/html'],
  ['image/png', 'text/html'],
  [',;,=', 'text/html'],
])('Accept: %s prefers %s', (accept, type) => {
  expect(preferredMediaType(accept, ['text/html', 'application/json'])).toBe(type);
});
