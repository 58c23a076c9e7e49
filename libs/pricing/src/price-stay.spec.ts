import { sum } from '@roost/money';
import { addDays, localInstant } from '@roost/stay';
import { Guests, PriceRules, type StayToPrice, priceNight, priceStay } from './index.js';

type Rules = Parameters<typeof PriceRules.parse>[0] & object;

/** Two nights from Thursday 2027-06-10, booked a month ahead, at 100.00 a night. */
function aStay(rules: Rules = {}, stay: Partial<StayToPrice> = {}): StayToPrice {
  return {
    rules: PriceRules.parse({ basePriceMinor: 10_000, ...rules }),
    checkInDate: '2027-06-10',
    checkOutDate: '2027-06-12',
    guests: Guests.parse({ adults: 2 }),
    timeZone: 'Europe/London',
    now: new Date('2027-05-10T09:00:00Z'),
    ...stay,
  };
}

const bases = (stay: StayToPrice) => priceStay(stay).nights.map((night) => night.baseMinor);

describe('the price of a night', () => {
  const override = (from: string, to: string, priceMinor: number) => ({ from, to, priceMinor });

  it('is the base price, or the weekend price on weekend nights', () => {
    expect(bases(aStay({ weekendPriceMinor: 15_000 }))).toEqual([10_000, 15_000]);
    expect(bases(aStay({ weekendPriceMinor: 15_000, weekendDays: ['thu'] }))).toEqual([15_000, 10_000]);
  });

  it('is that of a date override first; `to` is not covered', () => {
    const rules = { weekendPriceMinor: 15_000, overrides: [override('2027-06-11', '2027-06-12', 7_000)] };
    expect(bases(aStay(rules))).toEqual([10_000, 7_000]);
    expect(bases(aStay({ overrides: [override('2027-06-08', '2027-06-10', 7_000)] }))).toEqual([
      10_000, 10_000,
    ]);
  });

  it('is that of the shortest override, of equally short ones the last', () => {
    const wide = override('2027-06-01', '2027-07-01', 1);
    const week = override('2027-06-07', '2027-06-14', 2);
    const other = override('2027-06-09', '2027-06-16', 3);
    const price = (...overrides: (typeof wide)[]) =>
      priceNight(PriceRules.parse({ basePriceMinor: 9, overrides }), '2027-06-10');
    expect(price(wide)).toBe(1);
    expect(price(week, wide)).toBe(2);
    expect(price(week, other, wide)).toBe(3);
    expect(price(other, week)).toBe(2);
  });
});

describe('the discount', () => {
  const discounts = {
    weeklyBps: 1_000,
    monthlyBps: 2_000,
    earlyBird: { days: 60, bps: 700 },
    lastMinute: { days: 7, bps: 500 },
  };
  const discountOf = (nights: number, daysAhead: number, rules: Rules = { discounts }) =>
    priceStay(
      aStay(rules, {
        checkOutDate: addDays('2027-06-10', nights),
        now: localInstant(addDays('2027-06-10', -daysAhead), '12:00', 'Europe/London'),
      }),
    ).discountMinor;

  it.each([
    [6, 59, 0],
    [7, 59, -7_000],
    [27, 59, -27_000],
    [28, 59, -56_000],
    [7, 60, -7_000],
    [7, 7, -7_000],
    [2, 60, -1_400],
    [2, 8, 0],
    [2, 7, -1_000],
    [2, 0, -1_000],
  ])('of %d nights, %d days ahead, is %d', (nights, daysAhead, expected) => {
    expect(discountOf(nights, daysAhead)).toBe(expected);
  });

  it('is the larger of the two length-of-stay discounts', () => {
    expect(discountOf(28, 30, { discounts: { weeklyBps: 3_000, monthlyBps: 2_000 } })).toBe(-84_000);
  });

  it('is the early-bird discount if the length-of-stay discount is zero', () => {
    expect(discountOf(7, 60, { discounts: { ...discounts, weeklyBps: 0 } })).toBe(-4_900);
  });

  it('counts days from today in the time zone of the listing', () => {
    const rules = { discounts: { lastMinute: { days: 1, bps: 1_000 } } };
    const at = (now: string) =>
      priceStay(aStay(rules, { timeZone: 'Pacific/Kiritimati', now: new Date(now) })).discountMinor;
    expect(at('2027-06-08T09:59:59Z')).toBe(0);
    expect(at('2027-06-08T10:00:00Z')).toBe(-2_000);
  });

  it('stops at the minimum price of a night; the excess is not distributed', () => {
    const rules = {
      weekendPriceMinor: 30_000,
      discounts: { lastMinute: { days: 365, bps: 5_000 } },
      minNightMinor: 9_000,
    };
    const priced = priceStay(aStay(rules));
    expect(priced.nights.map((night) => night.amountMinor)).toEqual([9_000, 15_000]);
    expect(priced.discountMinor).toBe(-16_000);
  });

  it('does not change a night below the minimum price', () => {
    const rules = { discounts: { lastMinute: { days: 365, bps: 5_000 } }, minNightMinor: 12_000 };
    expect(priceStay(aStay(rules)).nights.map((night) => night.amountMinor)).toEqual([10_000, 10_000]);
  });

  it('is rounded once and divided among the nights', () => {
    const rules = { basePriceMinor: 333, discounts: { lastMinute: { days: 365, bps: 1_000 } } };
    const priced = priceStay(aStay(rules, { checkOutDate: '2027-06-13' }));
    expect(priced.discountMinor).toBe(-100);
    expect(priced.nights.map((night) => night.amountMinor)).toEqual([299, 300, 300]);
  });
});

describe('guests', () => {
  const guests = Guests.parse({
    adults: 2,
    children: [{ age: 1 }, { age: 2 }, { age: 17 }],
    infants: 3,
    pets: 2,
  });

  it('above the included number pay per night; infants and pets never do', () => {
    const priced = priceStay(aStay({ extraGuest: { above: 3, perNightMinor: 1_000 } }, { guests }));
    expect(priced.extraGuestMinor).toBe(2_000);
    expect(
      priceStay(aStay({ extraGuest: { above: 4, perNightMinor: 1_000 } }, { guests })).extraGuestMinor,
    ).toBe(0);
  });

  it.each([
    [null, 4],
    [2, 4],
    [3, 3],
    [17, 3],
    [18, 2],
  ])('under %s are exempt from per-guest taxes, leaving %d', (exemptUnderAge, taxed) => {
    const taxes = [
      { name: 'Guest', kind: 'per_guest', amountMinor: 10, exemptUnderAge },
      { name: 'Guest night', kind: 'per_guest_night', amountMinor: 10, exemptUnderAge },
    ] as const;
    const priced = priceStay(aStay({ taxes: [...taxes] }, { guests }));
    expect(priced.taxes.map((tax) => tax.amountMinor)).toEqual([taxed * 10, taxed * 20]);
  });
});

describe('taxes and fees', () => {
  it('are percentages of nights, extra guests and cleaning after discount', () => {
    const priced = priceStay(
      aStay({
        discounts: { lastMinute: { days: 365, bps: 1_000 } },
        cleaningFeeMinor: 5_000,
        extraGuest: { above: 1, perNightMinor: 500 },
        taxes: [{ name: 'Occupancy', kind: 'percent', bps: 1_000 }],
      }),
    );
    expect(priced).toMatchObject({
      discountMinor: -2_000,
      extraGuestMinor: 1_000,
      cleaningMinor: 5_000,
      serviceFeeMinor: 3_360,
      taxes: [{ name: 'Occupancy', kind: 'percent', amountMinor: 2_400 }],
      totalMinor: 29_760,
      hostFeeMinor: 720,
      hostPayoutMinor: 23_280,
    });
    expect(priced.lines.map((line) => [line.kind, line.date, line.amountMinor])).toEqual([
      ['night', '2027-06-10', 10_000],
      ['night', '2027-06-11', 10_000],
      ['discount', null, -2_000],
      ['extra_guest', null, 1_000],
      ['cleaning', null, 5_000],
      ['service_fee', null, 3_360],
      ['tax', null, 2_400],
    ]);
  });

  it('exempt a stay longer than the limit, but not one as long as the limit', () => {
    const taxes = [{ name: 'City', kind: 'per_night', amountMinor: 100, exemptAboveNights: 2 } as const];
    expect(priceStay(aStay({ taxes })).taxes[0]?.amountMinor).toBe(200);
    expect(priceStay(aStay({ taxes }, { checkOutDate: '2027-06-13' })).taxes[0]?.amountMinor).toBe(0);
  });

  describe('on the first nights only', () => {
    // Thursday 100.00, Friday and Saturday 200.00, Sunday 100.00; cleaning 50.00; extra guests 4 × 10.00.
    const rules = (tax: Record<string, unknown>): Rules => ({
      weekendPriceMinor: 20_000,
      cleaningFeeMinor: 5_000,
      extraGuest: { above: 1, perNightMinor: 1_000 },
      taxes: [{ name: 'City', ...tax } as never],
    });
    const taxOf = (tax: Record<string, unknown>, stay: Partial<StayToPrice> = {}) =>
      priceStay(aStay(rules(tax), { checkOutDate: '2027-06-14', ...stay })).taxes[0];

    it.each([
      // 10 % of 100.00, and of a quarter of 90.00 for cleaning and extra guests.
      [1, 1_225],
      [2, 3_450],
      [3, 5_675],
      [4, 6_900],
      [5, 6_900],
      [null, 6_900],
    ])('are a percentage of their part of the base: of %s nights %d', (maxNights, expected) => {
      expect(taxOf({ kind: 'percent', bps: 1_000, maxNights })?.amountMinor).toBe(expected);
    });

    it.each([
      [1, 400, 800],
      [3, 1_200, 2_400],
      [4, 1_600, 3_200],
      [21, 1_600, 3_200],
      [null, 1_600, 3_200],
    ])('are counted per night: of %s nights %d, for two guests %d', (maxNights, perNight, perGuestNight) => {
      expect(taxOf({ kind: 'per_night', amountMinor: 400, maxNights })?.amountMinor).toBe(perNight);
      expect(taxOf({ kind: 'per_guest_night', amountMinor: 400, maxNights })?.amountMinor).toBe(
        perGuestNight,
      );
    });

    it('round the share of the fees and the percentage together', () => {
      // The night and half of the fee are 1.5; half of it is 0.75. With a rounded share of the fee it would be 0.5, so 0.
      const taxes = [{ name: 'City', kind: 'percent', bps: 5_000, maxNights: 1 } as const];
      expect(priceStay(aStay({ basePriceMinor: 1, cleaningFeeMinor: 1, taxes })).taxes).toEqual([
        { name: 'City', kind: 'percent', amountMinor: 1, taxedNights: 1 },
      ]);
    });

    it('do not change a tax per guest', () => {
      expect(taxOf({ kind: 'per_guest', amountMinor: 400, maxNights: 1 })).toEqual({
        ...{ name: 'City', kind: 'per_guest', amountMinor: 800 },
      });
    });

    it('are exempt with the whole stay', () => {
      expect(taxOf({ kind: 'per_night', amountMinor: 400, maxNights: 2, exemptAboveNights: 3 })).toEqual({
        ...{ name: 'City', kind: 'per_night', amountMinor: 0 },
      });
    });

    it('name the taxed nights if there are others', () => {
      expect(taxOf({ kind: 'per_night', amountMinor: 400, maxNights: 3 })).toMatchObject({ taxedNights: 3 });
      expect(taxOf({ kind: 'per_night', amountMinor: 400, maxNights: 4 })).not.toHaveProperty('taxedNights');
    });

    it('are all nights for rules from before the field existed', () => {
      const stay = aStay(rules({ kind: 'per_night', amountMinor: 400 }), { checkOutDate: '2027-06-14' });
      const taxes = stay.rules.taxes.map(({ maxNights: _, ...tax }) => tax);
      const old = { ...stay, rules: { ...stay.rules, taxes } } as unknown as StayToPrice;
      expect(priceStay(old)).toEqual(priceStay(stay));
    });
  });

  it('use the fees of the marketplace', () => {
    const priced = priceStay(aStay({}, { fees: { guestFeeBps: 0, hostFeeBps: 1_500 } }));
    expect(priced).toMatchObject({ serviceFeeMinor: 0, hostFeeMinor: 3_000, totalMinor: 20_000 });
  });

  it('reject a stay without a night', () => {
    expect(() => priceStay(aStay({}, { checkOutDate: '2027-06-10' }))).toThrow(RangeError);
  });
});

describe('a total', () => {
  it('is exact at the limits of the rules', () => {
    const priced = priceStay(
      aStay(
        {
          basePriceMinor: 1_000_000_000_000,
          cleaningFeeMinor: 1_000_000_000_000,
          extraGuest: { above: 1, perNightMinor: 10_000_000_000 },
          taxes: [
            { name: 'All', kind: 'percent', bps: 10_000 },
            { name: 'Each', kind: 'per_guest_night', amountMinor: 10_000_000_000 },
          ],
        },
        {
          checkOutDate: addDays('2027-06-10', 730),
          guests: Guests.parse({ adults: 100, children: Array.from({ length: 100 }, () => ({ age: 17 })) }),
        },
      ),
    );
    expect(priced.totalMinor).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(sum(priced.lines.map((line) => line.amountMinor))).toBe(priced.totalMinor);
  });
});
