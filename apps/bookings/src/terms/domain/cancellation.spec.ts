import { sum } from '@roost/money';
import { addSeconds } from '@roost/stay';
import type { BookedStay, CancellationPolicy } from './booked-stay.js';
import { adminCancel, guestCancel, hostCancel } from './cancellation.js';
import { refundEverything } from './refund.js';
import { aBookedStay, totalOf } from './booked-stay.fixture.js';

const at = (instant: string): Date => new Date(instant);
const early = at('2027-01-01T00:00:00Z');

describe('a guest cancels', () => {
  // Check-in is 2027-06-10 15:00 in London (14:00Z). Nights 4 × 100.00, cleaning 50.00, service fee 63.00, 10 % tax 45.00,
  // tax of 4.00 per night and 6.00 per guest.
  const nothingKept = 40_000 + 5_000 + 6_300 + 4_500 + 1_600 + 600;
  // The percent tax of kept amounts is kept.
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
  ])('%s: the refund decreases after %s', (cancellationPolicy, deadline, before, after) => {
    const stay = aBookedStay({ cancellationPolicy });
    const refundAt = (instant: Date) => guestCancel(stay, early, instant).refundMinor;
    expect(refundAt(addSeconds(at(deadline), -1))).toBe(before);
    expect(refundAt(at(deadline))).toBe(before);
    expect(refundAt(addSeconds(at(deadline), 1))).toBe(after);
  });

  it('strict keeps half after the grace period', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
    expect(guestCancel(stay, early, at('2027-01-02T00:00:00Z')).refundMinor).toBe(nothingKept);
    expect(guestCancel(stay, early, at('2027-01-02T00:00:01Z')).refundMinor).toBe(halfKept);
  });

  it('has a grace period only if the booking was confirmed 7 local days ahead', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
    const lastMoment = at('2027-06-03T14:00:00Z');
    expect(guestCancel(stay, lastMoment, addSeconds(lastMoment, 86_400)).refundMinor).toBe(nothingKept);
    expect(guestCancel(stay, addSeconds(lastMoment, 1), addSeconds(lastMoment, 2)).refundMinor).toBe(allKept);
  });

  it('counts days in local time and hours in elapsed time across a clock change', () => {
    // Clocks in London go forward on 2027-03-28: 24 h before 15:00 BST is 14:00 GMT, a day before is 15:00 GMT.
    const clockChange = { checkInDate: '2027-03-28', checkOutDate: '2027-04-01' };
    const flexible = aBookedStay({ ...clockChange, cancellationPolicy: 'flexible' });
    expect(guestCancel(flexible, early, at('2027-03-27T14:00:00Z')).refundMinor).toBe(nothingKept);
    expect(guestCancel(flexible, early, at('2027-03-27T14:00:01Z')).refundMinor).toBe(oneKept);
    const moderate = aBookedStay({ ...clockChange, cancellationPolicy: 'moderate' });
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
  ])(
    'in stay (%s) the first night begins at check-in, later nights at local midnight',
    (instant, stayed, kept) => {
      const refund = guestCancel(aBookedStay({ cancellationPolicy: 'flexible' }), early, at(instant));
      expect(refund).toMatchObject({ nightsStayed: stayed, keptNightsMinor: kept });
    },
  );

  it('in stay keeps cleaning, service fee, per-guest tax and the tax of the nights stayed', () => {
    const refund = guestCancel(
      aBookedStay({ cancellationPolicy: 'flexible' }),
      early,
      at('2027-06-10T14:00:00Z'),
    );
    // 250.00 of the taxed 450.00 are kept; 1 of 4 nights is stayed.
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

  it('refunds extra-guest fees in proportion to the nights', () => {
    const stay = aBookedStay({ cancellationPolicy: 'flexible' });
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

  describe('a stay with taxes on its first two nights', () => {
    // 4 × 100.00, extra guests 4 × 20.00, cleaning 50.00. Taxed: 200.00, 40.00 and 25.00; 10 % are 26.50. 2 × 4.00 per night.
    const stay = (cancellationPolicy: CancellationPolicy) => {
      const booked = aBookedStay({ cancellationPolicy });
      const taxes = [
        { kind: 'percent', amountMinor: 2_650, taxedNights: 2 },
        { kind: 'per_night', amountMinor: 800, taxedNights: 2 },
      ] as const;
      return { ...booked, price: { ...booked.price, extraGuestMinor: 8_000, taxes } };
    };

    it.each<[string, CancellationPolicy, string, number]>([
      ['nothing with full notice', 'flexible', '2027-06-01T00:00:00Z', 0],
      // 120.00 of the taxed 265.00 are kept.
      ['10 % of the first night', 'flexible', '2027-06-10T00:00:00Z', 1_200],
      // Half of the taxed nights, 120.00.
      ['10 % of half of the taxed nights', 'strict', '2027-05-01T00:00:00Z', 1_200],
      // The first night and half of the second: 120.00 + 60.00.
      ['10 % of one night and a half', 'moderate', '2027-06-08T00:00:00Z', 1_800],
      // Both taxed nights and their half of the cleaning; 4.00 for the night stayed.
      ['10 % of all taxed nights and 1 night of 2', 'flexible', '2027-06-10T14:00:00Z', 2_650 + 400],
      ['everything after the taxed nights', 'flexible', '2027-06-12T12:00:00Z', 2_650 + 800],
    ])('keeps %s', (_, policy, instant, keptTaxMinor) => {
      expect(guestCancel(stay(policy), early, at(instant)).keptTaxMinor).toBe(keptTaxMinor);
    });

    it('is refunded by the host without the taxes of the nights stayed', () => {
      // In the first night: 120.00 and 25.00 of cleaning are kept, 10 % of them and 4.00 per night.
      expect(hostCancel(stay('flexible'), at('2027-06-10T14:00:00Z')).keptTaxMinor).toBe(1_450 + 400);
    });
  });

  it('divides a half between nights and extra guests without losing a unit', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
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
    // 211 / 2 is a tie: 106 (even) are kept and 105 refunded, 100.02 for nights and 4.98 for guests.
    expect(refund.keptNightsMinor).toBe(106);
    expect(refund.lines.slice(0, 2)).toEqual([
      { kind: 'night', refundMinor: 100 },
      { kind: 'extra_guest', refundMinor: 5 },
    ]);
  });

  it('rounds each percent tax separately', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
    const taxes = [
      { kind: 'percent', amountMinor: 3 },
      { kind: 'percent', amountMinor: 5 },
    ] as const;
    const price = { ...stay.price, cleaningMinor: 0, taxes };
    const refund = guestCancel({ ...stay, price }, early, at('2027-05-01T00:00:00Z'));
    // Half of 3 and half of 5 are ties: 2 of each are kept.
    expect(refund.keptTaxMinor).toBe(4);
  });
});

describe('a guest cancels 28 nights or more', () => {
  const long = (days: number, cancellationPolicy: CancellationPolicy = 'flexible'): BookedStay =>
    aBookedStay({ cancellationPolicy, checkOutDate: `2027-07-${String(days - 20).padStart(2, '0')}` });

  it.each([
    [28, '2027-05-11T14:00:00Z', 0],
    [28, '2027-05-11T14:00:01Z', 28],
    [40, '2027-05-11T14:00:00Z', 0],
    [40, '2027-05-11T14:00:01Z', 30],
    [40, '2027-06-10T14:00:00Z', 31],
    [40, '2027-06-18T22:59:59Z', 39],
    [40, '2027-06-18T23:00:00Z', 40],
    [40, '2027-06-30T00:00:00Z', 40],
  ])('of %d nights at %s keeps %d nights', (nights, instant, kept) => {
    for (const policy of ['flexible', 'strict'] as const) {
      const stay = long(nights, policy);
      expect(stay.price.nights).toHaveLength(nights);
      expect(guestCancel(stay, early, at(instant)).keptNightsMinor).toBe(kept * 10_000);
    }
  });

  it('follows the policy for 27 nights', () => {
    expect(guestCancel(long(27), early, at('2027-06-01T00:00:00Z')).keptNightsMinor).toBe(0);
  });

  it('has the grace period', () => {
    const stay = long(40, 'strict');
    const confirmedAt = at('2027-06-03T14:00:00Z');
    expect(guestCancel(stay, confirmedAt, at('2027-06-04T14:00:00Z')).refundMinor).toBe(totalOf(stay));
    expect(guestCancel(stay, confirmedAt, at('2027-06-04T14:00:01Z')).keptNightsMinor).toBe(300_000);
  });
});

describe('a host cancels', () => {
  it('before check-in: refunds the total', () => {
    const stay = aBookedStay({ cancellationPolicy: 'strict' });
    const refund = hostCancel(stay, at('2027-06-10T13:59:59Z'));
    expect(refund.refundMinor).toBe(totalOf(stay));
    expect(refund).toMatchObject({
      hostFeeMinor: 0,
      hostPayoutMinor: 0,
      keptTaxMinor: 0,
      keptServiceFeeMinor: 0,
    });
  });

  it('in stay: refunds the remaining nights', () => {
    const refund = hostCancel(aBookedStay({ cancellationPolicy: 'strict' }), at('2027-06-10T23:00:00Z'));
    expect(refund).toMatchObject({ nightsStayed: 2, refundNightsMinor: 20_000, keptCleaningMinor: 5_000 });
    expect(refund.refundMinor).toBe(20_000 + 2_000 + 800);
  });
});

describe('an administrator cancels', () => {
  const stay = aBookedStay();
  const total = totalOf(stay);
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
  ])('rejects a refund of %d of %d remaining', (refundMinor, refundableMinor) => {
    expect(cancel(refundMinor, refundableMinor)).toBeNull();
  });

  it('distributes the refund in proportion to the paid lines', () => {
    expect(cancel(total / 2)?.lines).toEqual([
      { kind: 'night', refundMinor: 20_000 },
      { kind: 'cleaning', refundMinor: 2_500 },
      { kind: 'service_fee', refundMinor: 3_150 },
      { kind: 'tax', refundMinor: 3_350 },
    ]);
  });
});

it('refunds the total of a booking that ends before its confirmation', () => {
  const stay = aBookedStay();
  expect(refundEverything(stay.price).refundMinor).toBe(totalOf(stay));
});
