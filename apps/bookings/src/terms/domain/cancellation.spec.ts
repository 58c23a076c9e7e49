import { sum } from '@roost/money';
import { addSeconds } from '@roost/stay';
import fc from 'fast-check';
import {
  type BookedStay,
  type CancellationPolicy,
  adminCancel,
  guestCancel,
  hostCancel,
  limitLines,
  limitRefund,
  refundEverything,
} from './cancellation.js';
import { aStay, anyStay, paidFor } from './stay.fixture.js';

const at = (instant: string): Date => new Date(instant);
const early = at('2027-01-01T00:00:00Z');

describe('a guest cancels', () => {
  // 4 nights at 100.00 from 2027-06-10 15:00 in London (14:00Z); 4 × 100.00, cleaning 50.00, service fee 63.00,
  // 10 % tax 45.00, 4.00 per night, 6.00 per guest.
  const nothingKept = 40_000 + 5_000 + 6_300 + 4_500 + 1_600 + 600;
  // Night 1 kept: the tax keeps 10 % of it.
  const oneKept = 30_000 + 5_000 + 3_500 + 1_600 + 600;
  const halfKept = 20_000 + 5_000 + 2_500 + 1_600 + 600;
  const oneAndHalfKept = 15_000 + 5_000 + 2_000 + 1_600 + 600;
  const allKept = 5_000 + 500 + 1_600 + 600;

  it.each<[CancellationPolicy, string, number, number]>([
    ['flexible', '2027-06-09T14:00:00Z', nothingKept, oneKept],
    ['moderate', '2027-06-05T14:00:00Z', nothingKept, oneAndHalfKept],
    ['limited', '2027-05-27T14:00:00Z', nothingKept, halfKept],
    ['limited', '2027-06-03T14:00:00Z', halfKept, allKept],
    ['firm', '2027-05-11T14:00:00Z', nothingKept, halfKept],
    ['firm', '2027-06-03T14:00:00Z', halfKept, allKept],
    ['strict', '2027-06-03T14:00:00Z', halfKept, allKept],
  ])('%s: until %s, then less', (cancellationPolicy, deadline, before, after) => {
    const stay = aStay({ cancellationPolicy });
    const refund = (instant: Date) => guestCancel(stay, early, instant).refundMinor;
    expect(refund(addSeconds(at(deadline), -1))).toBe(before);
    expect(refund(at(deadline))).toBe(before);
    expect(refund(addSeconds(at(deadline), 1))).toBe(after);
  });

  it('strict keeps half from the beginning once the grace is over', () => {
    const stay = aStay({ cancellationPolicy: 'strict' });
    expect(guestCancel(stay, early, at('2027-01-02T00:00:00Z')).refundMinor).toBe(nothingKept);
    expect(guestCancel(stay, early, at('2027-01-02T00:00:01Z')).refundMinor).toBe(halfKept);
  });

  it('has a grace only where the booking was confirmed 7 days ahead, on the local clock', () => {
    const stay = aStay({ cancellationPolicy: 'strict' });
    const lastMoment = at('2027-06-03T14:00:00Z');
    expect(guestCancel(stay, lastMoment, addSeconds(lastMoment, 86_400)).refundMinor).toBe(nothingKept);
    expect(guestCancel(stay, addSeconds(lastMoment, 1), addSeconds(lastMoment, 2)).refundMinor).toBe(allKept);
  });

  it('counts days on the local clock and hours on none over a clock change', () => {
    // London goes ahead on 2027-03-28: 24 h before 15:00 BST on that day is 14:00 GMT, a day before is 15:00.
    const over = { checkInDate: '2027-03-28', checkOutDate: '2027-04-01' };
    const flexible = aStay({ ...over, cancellationPolicy: 'flexible' });
    expect(guestCancel(flexible, early, at('2027-03-27T14:00:00Z')).refundMinor).toBe(nothingKept);
    expect(guestCancel(flexible, early, at('2027-03-27T14:00:01Z')).refundMinor).toBe(oneKept);
    const moderate = aStay({ ...over, cancellationPolicy: 'moderate' });
    expect(guestCancel(moderate, early, at('2027-03-23T15:00:00Z')).refundMinor).toBe(nothingKept);
    expect(guestCancel(moderate, early, at('2027-03-23T15:00:01Z')).refundMinor).toBe(oneAndHalfKept);
  });

  it.each([
    ['2027-06-10T13:59:59Z', 0, 10_000],
    ['2027-06-10T14:00:00Z', 1, 20_000],
    ['2027-06-10T22:59:59Z', 1, 20_000],
    ['2027-06-10T23:00:00Z', 2, 30_000],
    ['2027-06-12T22:59:59Z', 3, 40_000],
    ['2027-06-14T09:00:00Z', 4, 40_000],
  ])('in stay (%s) nights count from check-in, then from their midnight', (instant, stayed, kept) => {
    const refund = guestCancel(aStay({ cancellationPolicy: 'flexible' }), early, at(instant));
    expect(refund).toMatchObject({ nightsStayed: stayed, keptNightsMinor: kept });
  });

  it('in stay keeps the cleaning, the service fee, the per-guest tax and the tax of the nights stayed', () => {
    const refund = guestCancel(aStay({ cancellationPolicy: 'flexible' }), early, at('2027-06-10T14:00:00Z'));
    // Of 450.00 taxed 250.00 is kept; of 4 nights 1 is stayed.
    expect(refund).toEqual({
      refundMinor: 20_000 + 2_000 + 1_200,
      lines: [
        { kind: 'night', refundMinor: 20_000 },
        { kind: 'tax', refundMinor: 3_200 },
      ],
      nightsStayed: 1,
      refundNightsMinor: 20_000,
      keptNightsMinor: 20_000,
      keptCleaningMinor: 5_000,
      keptServiceFeeMinor: 6_300,
      keptTaxMinor: 2_500 + 400 + 600,
      hostFeeMinor: 750,
      hostPayoutMinor: 24_250,
    });
  });

  it('gives extra-guest fees back with their nights', () => {
    const stay = aStay({ cancellationPolicy: 'flexible' });
    const refund = guestCancel(
      { ...stay, price: { ...stay.price, extraGuestMinor: 8_000 } },
      early,
      at('2027-06-10T00:00:00Z'),
    );
    expect(refund.lines.slice(0, 2)).toEqual([
      { kind: 'night', refundMinor: 30_000 },
      { kind: 'extra_guest', refundMinor: 6_000 },
    ]);
  });

  it('divides a half over nights and extra guests without losing a unit', () => {
    const stay = aStay({ cancellationPolicy: 'strict' });
    const price = {
      ...stay.price,
      nights: [{ amountMinor: 101 }, { amountMinor: 100 }],
      extraGuestMinor: 10,
    };
    const refund = guestCancel(
      { ...stay, checkOutDate: '2027-06-12', price },
      early,
      at('2027-05-01T00:00:00Z'),
    );
    // 211 / 2 is a tie: 106 kept (even), 105 back, of it 100.02 for nights and 4.98 for guests.
    expect(refund.keptNightsMinor).toBe(106);
    expect(refund.lines.slice(0, 2)).toEqual([
      { kind: 'night', refundMinor: 100 },
      { kind: 'extra_guest', refundMinor: 5 },
    ]);
  });

  it('rounds each percent tax by itself', () => {
    const stay = aStay({ cancellationPolicy: 'strict' });
    const taxes = [
      { kind: 'percent', amountMinor: 3 },
      { kind: 'percent', amountMinor: 5 },
    ] as const;
    const price = { ...stay.price, cleaningMinor: 0, taxes };
    const refund = guestCancel({ ...stay, price }, early, at('2027-05-01T00:00:00Z'));
    // Half of 3 and half of 5 both tie: 2 is kept of each.
    expect(refund.keptTaxMinor).toBe(4);
  });
});

describe('a guest cancels 28 nights or more', () => {
  const long = (days: number, cancellationPolicy: CancellationPolicy = 'flexible'): BookedStay =>
    aStay({ cancellationPolicy, checkOutDate: `2027-07-${String(days - 20).padStart(2, '0')}` });

  it.each([
    [28, '2027-05-11T14:00:00Z', 0],
    [28, '2027-05-11T14:00:01Z', 28],
    [40, '2027-05-11T14:00:00Z', 0],
    [40, '2027-05-11T14:00:01Z', 30],
    [40, '2027-06-10T14:00:00Z', 31],
    [40, '2027-06-18T22:59:59Z', 39],
    [40, '2027-06-18T23:00:00Z', 40],
    [40, '2027-06-30T00:00:00Z', 40],
  ])('of %d nights, at %s, keeps %d', (nights, instant, kept) => {
    for (const policy of ['flexible', 'strict'] as const) {
      const stay = long(nights, policy);
      expect(stay.price.nights).toHaveLength(nights);
      expect(guestCancel(stay, early, at(instant)).keptNightsMinor).toBe(kept * 10_000);
    }
  });

  it('follows the policy at 27', () => {
    expect(guestCancel(long(27), early, at('2027-06-01T00:00:00Z')).keptNightsMinor).toBe(0);
  });

  it('has the grace too', () => {
    const stay = long(40, 'strict');
    const confirmedAt = at('2027-06-03T14:00:00Z');
    expect(guestCancel(stay, confirmedAt, at('2027-06-04T14:00:00Z')).refundMinor).toBe(paidFor(stay));
    expect(guestCancel(stay, confirmedAt, at('2027-06-04T14:00:01Z')).keptNightsMinor).toBe(300_000);
  });
});

describe('a host cancels', () => {
  it('and gives everything back before check-in', () => {
    const stay = aStay({ cancellationPolicy: 'strict' });
    const refund = hostCancel(stay, at('2027-06-10T13:59:59Z'));
    expect(refund.refundMinor).toBe(paidFor(stay));
    expect(refund).toMatchObject({
      hostFeeMinor: 0,
      hostPayoutMinor: 0,
      keptTaxMinor: 0,
      keptServiceFeeMinor: 0,
    });
  });

  it('and gives the nights not stayed back in stay', () => {
    const refund = hostCancel(aStay({ cancellationPolicy: 'strict' }), at('2027-06-10T23:00:00Z'));
    expect(refund).toMatchObject({ nightsStayed: 2, refundNightsMinor: 20_000, keptCleaningMinor: 5_000 });
    expect(refund.refundMinor).toBe(20_000 + 2_000 + 800);
  });
});

describe('an admin cancels', () => {
  const stay = aStay();
  const total = paidFor(stay);
  const cancel = (refundMinor: number, refundableMinor = total) =>
    adminCancel(stay, at('2027-06-01T00:00:00Z'), { refundMinor, refundableMinor });

  it.each([0, 1, 12_345, total])('with a refund of %d', (refundMinor) => {
    const refund = cancel(refundMinor);
    expect(refund?.refundMinor).toBe(refundMinor);
    expect(sum(refund?.lines.map((line) => line.refundMinor) ?? [])).toBe(refundMinor);
  });

  it.each([
    [-1, total],
    [total + 1, total],
    [total + 1, total + 1],
    [10_001, 10_000],
    [0.5, total],
    [Number.NaN, total],
  ])('not with a refund of %d of %d that is left', (refundMinor, refundableMinor) => {
    expect(cancel(refundMinor, refundableMinor)).toBeNull();
  });

  it('over what was paid, in proportion', () => {
    expect(cancel(total / 2)?.lines).toEqual([
      { kind: 'night', refundMinor: 20_000 },
      { kind: 'cleaning', refundMinor: 2_500 },
      { kind: 'service_fee', refundMinor: 3_150 },
      { kind: 'tax', refundMinor: 3_350 },
    ]);
  });
});

it('what ends before it is confirmed gives everything back', () => {
  const stay = aStay();
  expect(refundEverything(stay.price).refundMinor).toBe(paidFor(stay));
});

describe('after goodwill', () => {
  const stay = aStay({ cancellationPolicy: 'flexible' });
  const total = paidFor(stay);
  const inStay = at('2027-06-10T14:00:00Z');
  // In stay: 200.00 of the nights and 32.00 of the taxes.
  it.each([
    ['more is left than goes back', inStay, total, { night: 20_000, tax: 3_200 }],
    ['just as much is left', inStay, 23_200, { night: 20_000, tax: 3_200 }],
    ['a unit less is left', inStay, 23_199, { night: 19_999, tax: 3_200 }],
    ['half is left: what the rule keeps stays kept', inStay, 11_600, { night: 10_000, tax: 1_600 }],
    ['a unit is left', inStay, 1, { night: 1 }],
    ['nothing is left', inStay, 0, {}],
    // 400.00, 50.00, 63.00 and 67.00 of 580.00: the rest goes to the greatest remainders.
    ['all would go back', early, 4_720, { night: 3_255, cleaning: 407, service_fee: 513, tax: 545 }],
  ])('%s', (_, instant, leftMinor, lines) => {
    const refund = limitRefund(guestCancel(stay, early, instant), stay.price, leftMinor);
    expect(Object.fromEntries(refund.lines.map(({ kind, refundMinor }) => [kind, refundMinor]))).toEqual(
      lines,
    );
    expect(refund.refundMinor).toBe(sum(Object.values(lines)));
    const { keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor } = refund;
    expect(sum([keptNightsMinor, keptCleaningMinor, keptServiceFeeMinor, keptTaxMinor])).toBe(
      total - refund.refundMinor,
    );
  });

  it('no line gives more than the rule did, and together they give what is left', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 5_000_000 }), (given, limitMinor) => {
        const lines = given.map((refundMinor, line) => ({ line, refundMinor }));
        const limited = limitLines(lines, limitMinor);
        expect(sum(limited.map(({ refundMinor }) => refundMinor))).toBe(Math.min(sum(given), limitMinor));
        for (const { line, refundMinor } of limited) {
          expect(refundMinor).toBeGreaterThan(0);
          expect(refundMinor).toBeLessThanOrEqual(given[line] ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('any cancel', () => {
  const anyCancel = fc.tuple(
    anyStay,
    fc.integer({ min: 0, max: 120 * 86_400 }),
    fc.integer({ min: 0, max: 1e7 }),
  );

  it('gives back between nothing and everything, line by line, and keeps the rest', () => {
    fc.assert(
      fc.property(anyCancel, ([{ stay, confirmedAt }, seconds]) => {
        const instant = addSeconds(confirmedAt, seconds);
        for (const refund of [guestCancel(stay, confirmedAt, instant), hostCancel(stay, instant)]) {
          expect(refund.refundMinor).toBeGreaterThanOrEqual(0);
          expect(refund.refundMinor).toBeLessThanOrEqual(paidFor(stay));
          for (const line of refund.lines) expect(line.refundMinor).toBeGreaterThan(0);
          expect(sum(refund.lines.map((line) => line.refundMinor))).toBe(refund.refundMinor);
          expect(
            refund.refundMinor +
              refund.keptNightsMinor +
              refund.keptCleaningMinor +
              refund.keptServiceFeeMinor +
              refund.keptTaxMinor,
          ).toBe(paidFor(stay));
          expect(refund.hostFeeMinor + refund.hostPayoutMinor).toBe(
            refund.keptNightsMinor + refund.keptCleaningMinor,
          );
        }
      }),
      { numRuns: 1_600 },
    );
  });

  it('never gives less back for more notice', () => {
    fc.assert(
      fc.property(anyCancel, ([{ stay, confirmedAt }, seconds, sooner]) => {
        const instant = addSeconds(confirmedAt, seconds);
        const before = addSeconds(confirmedAt, Math.max(0, seconds - sooner));
        expect(guestCancel(stay, confirmedAt, before).refundMinor).toBeGreaterThanOrEqual(
          guestCancel(stay, confirmedAt, instant).refundMinor,
        );
      }),
      { numRuns: 1_600 },
    );
  });

  it('by the host never gives less back than one by the guest', () => {
    fc.assert(
      fc.property(anyCancel, ([{ stay, confirmedAt }, seconds]) => {
        const instant = addSeconds(confirmedAt, seconds);
        expect(hostCancel(stay, instant).refundMinor).toBeGreaterThanOrEqual(
          guestCancel(stay, confirmedAt, instant).refundMinor,
        );
      }),
      { numRuns: 1_300 },
    );
  });
});
