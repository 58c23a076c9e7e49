import fc from 'fast-check';
import { UnavailableRuns } from './unavailable-runs.js';

const day = (offset: number): string => new Date(Date.UTC(2027, 1, 1 + offset)).toISOString().slice(0, 10);

test('returns one half-open range per run, across months', () => {
  const runs = new UnavailableRuns();
  const taken = new Set([0, 1, 26, 27, 28, 29, 40]);
  for (let offset = 0; offset < 60; offset += 1) runs.add('a', day(offset), !taken.has(offset));
  runs.add('free', day(0), true);
  expect([...runs.ranges()]).toEqual([
    {
      listing: 'a',
      blocked: [
        { from: '2027-02-01', to: '2027-02-03' },
        { from: '2027-02-27', to: '2027-03-03' },
        { from: '2027-03-13', to: '2027-03-14' },
      ],
    },
    { listing: 'free', blocked: [] },
  ]);
});

test('moves all ranges by the same number of days', () => {
  const runs = new UnavailableRuns();
  runs.add('a', '2024-11-05', true);
  runs.add('a', '2024-11-06', false);
  expect(runs.firstDate).toBe('2024-11-05');
  expect([...runs.ranges(365)]).toEqual([
    { listing: 'a', blocked: [{ from: '2025-11-06', to: '2025-11-07' }] },
  ]);
});

test.each(['2027-02-29', '2027-2-1', '01/02/2027', ''])('rejects the date %j', (date) => {
  const runs = new UnavailableRuns();
  expect(runs.add('a', date, false)).toBe(false);
  expect([...runs.ranges()]).toEqual([]);
});

test('accepts rows in any order and twice', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50)), fc.array(fc.nat(50)), (offsets, again) => {
      const inOrder = new UnavailableRuns();
      for (const offset of offsets.toSorted((a, b) => a - b)) inOrder.add('a', day(offset), false);
      const shuffled = new UnavailableRuns();
      for (const offset of offsets) shuffled.add('a', day(offset), false);
      for (const offset of again.filter((one) => offsets.includes(one)))
        shuffled.add('a', day(offset), false);
      expect([...shuffled.ranges()]).toEqual([...inOrder.ranges()]);
    }),
  );
});
