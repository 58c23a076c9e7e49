import fc from 'fast-check';
import { transactionKinds } from './movement-kind.js';
import { balanceOf } from './statement-balance.js';

const minor = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
const entry = fc.record({ kind: fc.constantFrom(...transactionKinds), amountMinor: minor });

test('closing is opening and all entries, and the totals add up to the difference', () => {
  fc.assert(
    fc.property(minor, fc.array(entry), (openingMinor, entries) => {
      const { totals, closingMinor } = balanceOf(openingMinor, entries);
      const difference = entries.reduce((total, { amountMinor }) => total + amountMinor, 0);
      expect(closingMinor).toBe(openingMinor + difference);
      expect(Object.values(totals).reduce((total, each) => total + each, 0)).toBe(difference);
    }),
  );
});

test('has the totals of each kind', () => {
  const entries = [
    { kind: 'earning', amountMinor: 900 },
    { kind: 'earning', amountMinor: 100 },
    { kind: 'refund', amountMinor: -300 },
    { kind: 'refund', amountMinor: 50 },
    { kind: 'penalty', amountMinor: -20 },
    { kind: 'claw_back', amountMinor: -5 },
    { kind: 'payout', amountMinor: -500 },
    { kind: 'adjustment', amountMinor: -1 },
  ] as const;
  expect(balanceOf(7, entries)).toEqual({
    totals: {
      earningsMinor: 1_000,
      refundsMinor: -250,
      penaltiesMinor: -20,
      clawBacksMinor: -5,
      payoutsMinor: -500,
      adjustmentsMinor: -1,
    },
    closingMinor: 231,
  });
});
