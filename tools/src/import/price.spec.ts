import { minorUnits } from './price.js';

test.each<[string, string, number | null]>([
  ['$70.00', 'USD', 7_000],
  ['$1,379.00', 'USD', 137_900],
  ['$12,345,678.90', 'USD', 1_234_567_890],
  ['$0.07', 'USD', 7],
  ['$8.1', 'GBP', 810],
  ['£95', 'GBP', 9_500],
  ['19.99', 'EUR', 1_999],
  ['$12,000.00', 'JPY', 12_000],
  ['$12.345', 'KWD', 12_345],
  ['$1.10', 'USD', 110],
  ['$4.35', 'USD', 435],
  // Not an amount of this currency, or not an amount.
  ['$12,000.50', 'JPY', null],
  ['$1.005', 'USD', null],
  ['$1,37.00', 'USD', null],
  ['-$5.00', 'USD', null],
  ['$', 'USD', null],
  ['', 'USD', null],
  ['1e3', 'USD', null],
  ['$99,999,999,999,999.00', 'USD', null],
])('%s in %s', (price, currency, minor) => {
  expect(minorUnits(price, currency)).toBe(minor);
});
