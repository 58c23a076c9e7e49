import { stripVTControlCharacters } from 'node:util';
import { Progress } from './progress.js';

function aScreen(isTTY: boolean, columns?: number) {
  let text = '';
  return { isTTY, columns, write: (more: string) => (text += more), said: () => text };
}

test('draws a bar over itself on a terminal, and leaves one line', () => {
  const screen = aScreen(true, 80);
  const lines = () => stripVTControlCharacters(screen.said()).split('\r');
  const progress = new Progress(screen, 'listings');
  progress.update(0.5, 1234);
  expect(lines().at(-1)).toMatch(/^listings +\[############------------\] {2}50 % 1,234 rows, \d+ s left$/);
  progress.done(2468);
  expect(lines().at(-1)).toMatch(/^listings: 2,468 rows in \d+\.\d s\n$/);
});

test.each([undefined, 0, 30])('keeps to one line of a terminal of %s columns', (columns) => {
  const screen = aScreen(true, columns);
  new Progress(screen, 'listings').update(0.5, 1_234_567);
  expect(stripVTControlCharacters(screen.said()).trimStart().length).toBeLessThan(columns || 80);
});

test('writes plain lines elsewhere', () => {
  const screen = aScreen(false);
  const progress = new Progress(screen, 'reviews');
  progress.update(0.5, 10);
  progress.done(20);
  expect(screen.said()).toMatch(/^reviews: 20 rows in \d+\.\d s\n$/);
});
