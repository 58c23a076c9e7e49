import { sum } from '@roost/money';
import fc from 'fast-check';
import { completeLines, creditNoteLines, paperLineKinds } from './paper-lines.js';

const minor = fc.integer({ min: -1_000_000, max: 1_000_000 });
const lines = fc.array(
  fc.record({
    kind: fc.constantFrom(...paperLineKinds),
    date: fc.constant(null),
    label: fc.string(),
    amountMinor: minor,
  }),
);

test('the lines of a paper add up to its amount', () => {
  fc.assert(
    fc.property(lines, minor, (given, amountMinor) => {
      const complete = completeLines(given, amountMinor);
      expect(sum(complete.map((each) => each.amountMinor))).toBe(amountMinor);
      expect(complete.slice(0, given.length)).toEqual(given);
      expect(complete.length - given.length).toBeLessThanOrEqual(1);
    }),
  );
});

test('a payment without known lines is one amount', () => {
  expect(completeLines([], 500)).toEqual([{ kind: 'other', date: null, label: 'Stay', amountMinor: 500 }]);
});

test.each([
  ['booking-ended', 'Refund: booking ended'],
  ['booking-changed', 'Refund: booking changed'],
  ['admin', 'Refund by customer support'],
  ['dispute-lost', 'Refund'],
])('a credit note for %s states %s, and the refunded taxes apart', (reason, label) => {
  expect(creditNoteLines({ reason, amountMinor: 1_100, taxMinor: 100 })).toEqual([
    { kind: 'refund', date: null, label, amountMinor: 1_000 },
    { kind: 'tax', date: null, label: 'Taxes', amountMinor: 100 },
  ]);
  expect(creditNoteLines({ reason, amountMinor: 1_100, taxMinor: 0 })).toHaveLength(1);
});
