import { sum } from '@roost/money';
import { addDays, nights } from '@roost/stay';
import fc from 'fast-check';
import type { PaperLine } from '../../paper/domain/paper-lines.js';
import { MAX_NIGHT_ROWS, MAX_TAX_ROWS, receiptRows } from './receipt-rows.js';

const night = (date: string, amountMinor: number): PaperLine => ({
  kind: 'night',
  date,
  label: 'Night',
  amountMinor,
});
const other = (kind: PaperLine['kind'], label: string, amountMinor: number): PaperLine => ({
  kind,
  date: null,
  label,
  amountMinor,
});
const stay = (count: number, priceOf: (n: number) => number) =>
  nights('2030-05-01', addDays('2030-05-01', count)).map((date, n) => night(date, priceOf(n)));

test('consecutive nights of one amount are one row', () => {
  const lines = [...stay(3, () => 100), ...stay(5, () => 120).slice(3), other('cleaning', 'Cleaning', 20)];
  expect(receiptRows(lines)).toEqual([
    {
      kind: 'nights',
      count: 3,
      range: { from: '2030-05-01', to: '2030-05-04' },
      eachMinor: 100,
      amountMinor: 300,
    },
    {
      kind: 'nights',
      count: 2,
      range: { from: '2030-05-04', to: '2030-05-06' },
      eachMinor: 120,
      amountMinor: 240,
    },
    { kind: 'amount', label: 'Cleaning', amountMinor: 20 },
  ]);
});

test.each([
  ['30 nights with weekend prices', stay(30, (n) => (n % 7 < 2 ? 120 : 100)), 9],
  ['a year with weekend prices', stay(365, (n) => (n % 7 < 2 ? 120 : 100)), 2],
  ['30 nights of different amounts', stay(30, (n) => 100 + n), 1],
])('%s fit', (_, lines, rows) => {
  expect(receiptRows(lines)).toHaveLength(rows);
});

test('many taxes are one row', () => {
  const taxes = Array.from({ length: 20 }, (_, n) => other('tax', `Tax ${n}`, n));
  expect(receiptRows(taxes)).toEqual([{ kind: 'amount', label: 'Taxes', amountMinor: 190 }]);
  expect(receiptRows(taxes.slice(0, MAX_TAX_ROWS))).toHaveLength(MAX_TAX_ROWS);
});

test('rows have the sum of the lines, and are few', () => {
  const line = fc.record({
    kind: fc.constantFrom('discount' as const, 'tax' as const, 'cleaning' as const),
    date: fc.constant(null),
    label: fc.string(),
    amountMinor: fc.integer({ min: -10_000, max: 10_000 }),
  });
  const prices = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(prices, fc.array(line, { maxLength: 30 }), (amounts, others) => {
      const lines = [...stay(amounts.length, (n) => amounts[n] ?? 0), ...others];
      const rows = receiptRows(lines);
      expect(sum(rows.map((row) => row.amountMinor))).toBe(sum(lines.map((each) => each.amountMinor)));
      const counted = rows.flatMap((row) => (row.kind === 'nights' ? row.count : []));
      expect(sum(counted)).toBe(amounts.length);
      expect(counted.length).toBeLessThanOrEqual(MAX_NIGHT_ROWS);
      const untaxed = others.filter(({ kind }) => kind !== 'tax').length;
      expect(rows.length - counted.length - untaxed).toBeLessThanOrEqual(MAX_TAX_ROWS);
    }),
  );
});
