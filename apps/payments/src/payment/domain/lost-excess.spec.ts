import fc from 'fast-check';
import { excessCoveredLegs, type Split } from '../../ledger/domain/posting.js';
import { totalOf } from '../../ledger/domain/settlement.js';
import { coverExcess, splitWithoutOffset } from './lost-excess.js';

const split = (hostMinor: number, platformMinor: number, taxMinor: number): Split => ({
  hostMinor,
  platformMinor,
  taxMinor,
});
const minor = fc.integer({ min: 0, max: 1_000_000 });
const anySplit = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });

describe('coverExcess', () => {
  test.each([
    ['no lost dispute', [], split(35, 10, 5), []],
    ['a dispute of exactly this amount', [50], split(35, 10, 5), [split(35, 10, 5)]],
    ['a smaller excess', [10], split(35, 10, 5), [split(7, 2, 1)]],
    ['a larger excess', [80], split(35, 10, 5), [split(35, 10, 5)]],
    ['two disputes', [10, 80], split(35, 10, 5), [split(7, 2, 1), split(28, 8, 4)]],
    ['a refund that the platform bore', [50], split(0, 50, 0), [split(0, 50, 0)]],
    ['nothing that became free', [50], split(0, 0, 0), []],
  ])('%s', (_name, excesses, freed, expected) => {
    const given = excesses.map((excessMinor, index) => ({ disputeId: `${index}`, excessMinor }));
    expect(coverExcess(given, freed)).toEqual(
      expected.map((shares, index) => ({ disputeId: `${index}`, shares })),
    );
  });

  test('covers as much as possible, and takes from no party more than became free', () => {
    fc.assert(
      fc.property(fc.array(minor), anySplit, (excesses, freed) => {
        const covers = coverExcess(
          excesses.map((excessMinor, index) => ({ disputeId: `${index}`, excessMinor })),
          freed,
        );
        const excess = excesses.reduce((sum, each) => sum + each, 0);
        const covered = covers.reduce((sum, { shares }) => sum + totalOf(shares), 0);
        expect(covered).toBe(Math.min(excess, totalOf(freed)));
        for (const party of ['hostMinor', 'platformMinor', 'taxMinor'] as const) {
          const taken = covers.map(({ shares }) => shares[party]);
          expect(Math.min(0, ...taken)).toBe(0);
          expect(taken.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(freed[party]);
        }
      }),
    );
  });
});

test('the platform gets back what the other parties bear', () => {
  expect(excessCoveredLegs({ hostId: 'host' }, split(35, 10, 5))).toEqual([
    {
      debit: { code: 'host_payable', ownerId: 'host' },
      credit: { code: 'platform_revenue', ownerId: null },
      amountMinor: 35,
    },
    {
      debit: { code: 'tax_payable', ownerId: null },
      credit: { code: 'platform_revenue', ownerId: null },
      amountMinor: 5,
    },
  ]);
});

test.each([
  [0, split(35, 10, 5)],
  [10, split(28, 8, 4)],
  [50, split(0, 0, 0)],
])('a refund of 50 without the %d that the bank has returned', (offsetMinor, expected) => {
  expect(splitWithoutOffset(split(35, 10, 5), offsetMinor)).toEqual(expected);
});
