import fc from 'fast-check';
import { addDays, type DateRange, nights } from '@roost/stay';
import { importedNights } from './imported-nights.js';

const may = (from: number, to: number): DateRange => ({
  from: `2027-05-${String(from).padStart(2, '0')}`,
  to: `2027-05-${String(to).padStart(2, '0')}`,
});

test.each<[string, DateRange[], DateRange[], DateRange[], DateRange[]]>([
  ['no nights', [], [], [], []],
  ['ranges without stays', [may(1, 3), may(5, 8)], [], [may(1, 3), may(5, 8)], []],
  ['merges adjacent ranges', [may(3, 5), may(1, 3)], [], [may(1, 5)], []],
  ['a range equal to a stay', [may(4, 8)], [may(4, 8)], [], [may(4, 8)]],
  ['a stay longer than the range', [may(5, 7)], [may(4, 8)], [], [may(5, 7)]],
  ['a stay within a range', [may(1, 20)], [may(5, 8)], [may(1, 5), may(8, 20)], [may(5, 8)]],
  ['a stay across the start', [may(5, 10)], [may(3, 6)], [may(6, 10)], [may(5, 6)]],
  ['a stay across the end', [may(5, 10)], [may(9, 12)], [may(5, 9)], [may(9, 10)]],
  ['a stay that ends where the range starts', [may(5, 10)], [may(3, 5)], [may(5, 10)], []],
  ['two stays back to back', [may(1, 9)], [may(2, 4), may(4, 6)], [may(1, 2), may(6, 9)], [may(2, 6)]],
])('%s', (_, unavailable, stays, blocking, covered) => {
  expect(importedNights(unavailable, stays)).toEqual({ blocking, covered });
});

test('stores each unavailable night once: as covered if a stay has it, otherwise as blocking', () => {
  const range = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 9 })).map(([start, length]) => ({
    from: addDays('2027-05-01', start),
    to: addDays('2027-05-01', start + length),
  }));
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 8 }),
      fc.array(range, { maxLength: 8 }),
      (unavailable, stays) => {
        const nightsOf = (ranges: DateRange[]) => ranges.flatMap(({ from, to }) => nights(from, to));
        const stayed = new Set(nightsOf(stays));
        const requested = [...new Set(nightsOf(unavailable))].sort();
        const { blocking, covered } = importedNights(unavailable, stays);
        expect(nightsOf(blocking)).toEqual(requested.filter((night) => !stayed.has(night)));
        expect(nightsOf(covered)).toEqual(requested.filter((night) => stayed.has(night)));
      },
    ),
  );
});
