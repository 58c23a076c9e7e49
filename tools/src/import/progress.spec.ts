import { stripVTControlCharacters } from 'node:util';
import { Progress } from './progress.js';

function aScreen(isTTY: boolean, columns?: number) {
  let text = '';
  return { isTTY, columns, write: (more: string) => (text += more), text: () => text };
}

test('draws a bar on one line of a terminal', () => {
  const screen = aScreen(true, 80);
  const lines = () => stripVTControlCharacters(screen.text()).split('\r');
  const progress = new Progress(screen, 'listings');
  progress.update(0.5, 1234);
  expect(lines().at(-1)).toMatch(/^listings +\[############------------\] {2}50 % 1,234 rows, \d+ s left$/);
  progress.done(2468);
  expect(lines().at(-1)).toMatch(/^listings: 2,468 rows in \d+\.\d s\n$/);
});

test.each([undefined, 0, 30])('uses one line of a terminal of %s columns', (columns) => {
  const screen = aScreen(true, columns);
  new Progress(screen, 'listings').update(0.5, 1_234_567);
  expect(stripVTControlCharacters(screen.text()).trimStart().length).toBeLessThan(columns || 80);
});

test('writes plain lines without a terminal', () => {
  const screen = aScreen(false);
  const progress = new Progress(screen, 'reviews');
  progress.update(0.5, 10);
  progress.done(20);
  expect(screen.text()).toMatch(/^reviews: 20 rows in \d+\.\d s\n$/);
});
