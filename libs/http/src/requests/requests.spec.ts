import { z } from 'zod';
import { etagOf, tagsMatch } from './etag.js';
import { decodeCursor, encodeCursor, page } from './page.js';
import { waitSeconds } from './wait.js';

test('a page has a cursor only if there is a next page', () => {
  expect(page([1, 2, 3], 2, (n) => [n])).toMatchObject({ data: [1, 2], nextCursor: encodeCursor([2]) });
  expect(page([1, 2], 2, (n) => [n]).nextCursor).toBeNull();
  expect(page([], 2, (n) => [n])).toMatchObject({ data: [], nextCursor: null });
  expect(decodeCursor(encodeCursor([2, 'ü']), z.tuple([z.int(), z.string()]))).toEqual([2, 'ü']);
  expect(decodeCursor(undefined, z.tuple([z.int()]))).toBeNull();
});

test('an ETag depends on the value and the viewer', () => {
  expect(etagOf({ a: 1 })).toBe(etagOf({ a: 1 }));
  expect(etagOf({ a: 1 })).not.toBe(etagOf({ a: 2 }));
  expect(etagOf(1, 'me')).not.toBe(etagOf(1, 'you'));
  expect(etagOf(1)).toMatch(/^"[\w-]{22}"$/);
  expect(tagsMatch('"a", W/"b"', '"b"')).toBe(true);
  expect(tagsMatch('*', '"b"')).toBe(true);
  expect(tagsMatch('"a"', '"b"')).toBe(false);
});

test.each([
  ['wait=5', 5],
  ['respond-async, wait=100', 20],
  ['WAIT = "7"', 7],
  ['wait=-1', 0],
  ['wait=x', 0],
  ['await=5', 0],
  [undefined, 0],
])('Prefer: %s waits %s seconds', (header, seconds) => {
  expect(waitSeconds(header)).toBe(seconds);
});
