import fc from 'fast-check';
import {
  disputeLostLegs,
  disputeOpenedLegs,
  disputeWonLegs,
  type Leg,
  type Split,
} from '../../ledger/domain/posting.js';
import { changeOf, coveredMinor, type DisputeStatus, disputeStatuses, sharesOf } from './dispute-state.js';

describe('changeOf', () => {
  // Rows: the recorded status. Columns: the provider's status. A dot: no change.
  const table: Record<
    DisputeStatus | 'none',
    [needsResponse: string, underReview: string, won: string, lost: string]
  > = {
    none: ['opens', 'opens', 'opens, won', 'opens, lost'],
    needs_response: ['.', 'under_review', 'won', 'lost'],
    under_review: ['needs_response', '.', 'won', 'lost'],
    won: ['.', '.', '.', '.'],
    lost: ['.', '.', '.', '.'],
  };
  const rows = ['none', ...disputeStatuses] as const;
  const cases = rows.flatMap((current) =>
    disputeStatuses.map((provider, column) => [current, provider, table[current][column]!] as const),
  );

  test.each(cases)('%s, provider status %s: %s', (current, provider, expected) => {
    const recorded = current === 'none' ? null : current;
    const { status, opens, closes } = changeOf(recorded, provider);
    const changes = [
      ...(opens ? ['opens'] : []),
      ...(closes ? [closes] : []),
      ...(!opens && !closes && status !== recorded ? [status] : []),
    ];
    expect(changes.join(', ') || '.').toBe(expected);
  });

  test('opens and decides once, whatever the order and the number of the states', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...disputeStatuses), { minLength: 1 }), (states) => {
        let current: DisputeStatus | null = null;
        let [opened, closed] = [0, 0];
        for (const state of states) {
          const change = changeOf(current, state);
          opened += change.opens ? 1 : 0;
          closed += change.closes ? 1 : 0;
          current = change.status;
        }
        const decision = states.find((state) => state === 'won' || state === 'lost');
        expect(opened).toBe(1);
        expect(closed).toBe(decision ? 1 : 0);
        expect(current).toBe(decision ?? states.at(-1));
      }),
    );
  });
});

describe('sharesOf', () => {
  test.each<[string, number, number, object]>([
    ['the whole payment', 100, 100, { hostMinor: 70, platformMinor: 20, taxMinor: 10, excessMinor: 0 }],
    ['a part', 100, 10, { hostMinor: 7, platformMinor: 2, taxMinor: 1, excessMinor: 0 }],
    ['more than remains', 60, 100, { hostMinor: 42, platformMinor: 12, taxMinor: 6, excessMinor: 40 }],
    [
      'a payment of which nothing remains',
      0,
      100,
      { hostMinor: 0, platformMinor: 0, taxMinor: 0, excessMinor: 100 },
    ],
  ])('divides %s', (_name, coverable, amount, expected) => {
    const remaining = { hostMinor: 70, platformMinor: 20, taxMinor: 10 };
    expect(sharesOf(remaining, coverable, amount)).toEqual(expected);
  });

  const minor = fc.integer({ min: 0, max: 1_000_000 });
  const remaining = fc.record({ hostMinor: minor, platformMinor: minor, taxMinor: minor });

  test('covers at most the coverable amount, takes from no party more than it has, and adds up', () => {
    fc.assert(
      fc.property(
        remaining,
        fc.nat(100),
        fc.integer({ min: 1, max: 4_000_000 }),
        (split, percent, amount) => {
          const coverable = Math.floor((coveredMinor(split) * percent) / 100);
          const shares = sharesOf(split, coverable, amount);
          expect(coveredMinor(shares) + shares.excessMinor).toBe(amount);
          expect(coveredMinor(shares)).toBe(Math.min(amount, coverable));
          for (const party of ['hostMinor', 'platformMinor', 'taxMinor'] as const) {
            expect(shares[party]).toBeGreaterThanOrEqual(0);
            expect(shares[party]).toBeLessThanOrEqual(split[party]);
          }
        },
      ),
    );
  });

  test('the movements of a decided dispute leave nothing in the reserve', () => {
    fc.assert(
      fc.property(remaining, fc.integer({ min: 1, max: 4_000_000 }), fc.boolean(), (split, amount, won) => {
        const shares = sharesOf(split, coveredMinor(split), amount);
        const decision = won ? disputeWonLegs(amount) : disputeLostLegs({ hostId: 'host' }, shares);
        const balances = balancesOf([...disputeOpenedLegs(amount), ...decision]);
        expect(balances.dispute_reserve).toBe(0);
        expect(balances.provider_clearing).toBe(won ? 0 : -amount);
        if (!won) expect(deductedOf(balances)).toEqual(expectedDeduction(shares));
      }),
    );
  });
});

/** Debits minus credits by account code. */
function balancesOf(legs: readonly Leg[]): Record<string, number> {
  const balances: Record<string, number> = {};
  for (const { debit, credit, amountMinor } of legs) {
    balances[debit.code] = (balances[debit.code] ?? 0) + amountMinor;
    balances[credit.code] = (balances[credit.code] ?? 0) - amountMinor;
  }
  return balances;
}

const deductedOf = (balances: Record<string, number>) =>
  ['host_payable', 'platform_revenue', 'tax_payable'].map((code) => balances[code] ?? 0);

const expectedDeduction = (shares: Split & { excessMinor: number }) => [
  shares.hostMinor,
  shares.platformMinor + shares.excessMinor,
  shares.taxMinor,
];
