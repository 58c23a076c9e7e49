import { sum } from '@roost/money';
import { addDays, localInstant } from '@roost/stay';
import fc from 'fast-check';
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

  it('is that of a date override before both; `to` is not covered', () => {
    const rules = { weekendPriceMinor: 15_000, overrides: [override('2027-06-11', '2027-06-12', 7_000)] };
    expect(bases(aStay(rules))).toEqual([10_000, 7_000]);
    expect(bases(aStay({ overrides: [override('2027-06-08', '2027-06-10', 7_000)] }))).toEqual([
      10_000, 10_000,
    ]);
  });

  it('is that of the shortest override, of equally short ones the later', () => {
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
  const off = (nights: number, daysAhead: number, rules: Rules = { discounts }) =>
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
    expect(off(nights, daysAhead)).toBe(expected);
  });

  it('takes the larger of the two for length of stay', () => {
    expect(off(28, 30, { discounts: { weeklyBps: 3_000, monthlyBps: 2_000 } })).toBe(-84_000);
  });

  it('falls through a length-of-stay discount of nothing', () => {
    expect(off(7, 60, { discounts: { ...discounts, weeklyBps: 0 } })).toBe(-4_900);
  });

  it('counts days from today in the listing zone', () => {
    const rules = { discounts: { lastMinute: { days: 1, bps: 1_000 } } };
    const at = (now: string) =>
      priceStay(aStay(rules, { timeZone: 'Pacific/Kiritimati', now: new Date(now) })).discountMinor;
    expect(at('2027-06-08T09:59:59Z')).toBe(0);
    expect(at('2027-06-08T10:00:00Z')).toBe(-2_000);
  });

  it('stops at the least a night may cost, and drops what it cuts off', () => {
    const rules = {
      weekendPriceMinor: 30_000,
      discounts: { lastMinute: { days: 365, bps: 5_000 } },
      minNightMinor: 9_000,
    };
    const priced = priceStay(aStay(rules));
    expect(priced.nights.map((night) => night.amountMinor)).toEqual([9_000, 15_000]);
    expect(priced.discountMinor).toBe(-16_000);
  });

  it('leaves a night that is already cheaper than the least as it is', () => {
    const rules = { discounts: { lastMinute: { days: 365, bps: 5_000 } }, minNightMinor: 12_000 };
    expect(priceStay(aStay(rules)).nights.map((night) => night.amountMinor)).toEqual([10_000, 10_000]);
  });

  it('is rounded once and divided over the nights', () => {
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

  it('above the number included pay per night; infants and pets never', () => {
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
  it('a percent tax, the guest fee and the host fee are of nights, extra guests and cleaning after discount', () => {
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

  it('a stay longer than the exemption pays none; one as long does', () => {
    const taxes = [{ name: 'City', kind: 'per_night', amountMinor: 100, exemptAboveNights: 2 } as const];
    expect(priceStay(aStay({ taxes })).taxes[0]?.amountMinor).toBe(200);
    expect(priceStay(aStay({ taxes }, { checkOutDate: '2027-06-13' })).taxes[0]?.amountMinor).toBe(0);
  });

  it('come with the fees the marketplace sets', () => {
    const priced = priceStay(aStay({}, { fees: { guestFeeBps: 0, hostFeeBps: 1_500 } }));
    expect(priced).toMatchObject({ serviceFeeMinor: 0, hostFeeMinor: 3_000, totalMinor: 20_000 });
  });

  it('need a night', () => {
    expect(() => priceStay(aStay({}, { checkOutDate: '2027-06-10' }))).toThrow(RangeError);
  });
});

const minor = fc.integer({ min: 0, max: 1_000_000_000 });
const bps = fc.integer({ min: 0, max: 10_000 });
const anyStay: fc.Arbitrary<StayToPrice> = fc
  .record({
    rules: fc.record({
      basePriceMinor: fc.integer({ min: 1, max: 1_000_000_000_000 }),
      weekendPriceMinor: fc.option(fc.integer({ min: 1, max: 1_000_000_000_000 })),
      overrides: fc.array(
        fc
          .tuple(
            fc.integer({ min: 0, max: 80 }),
            fc.integer({ min: 1, max: 40 }),
            fc.integer({ min: 1, max: 90_000 }),
          )
          .map(([start, length, priceMinor]) => ({
            from: addDays('2027-03-01', start),
            to: addDays('2027-03-01', start + length),
            priceMinor,
          })),
        { maxLength: 8 },
      ),
      discounts: fc.record({
        weeklyBps: bps,
        monthlyBps: bps,
        earlyBird: fc.option(fc.record({ days: fc.integer({ min: 1, max: 90 }), bps })),
        lastMinute: fc.option(fc.record({ days: fc.integer({ min: 0, max: 30 }), bps })),
      }),
      cleaningFeeMinor: minor,
      extraGuest: fc.record({ above: fc.integer({ min: 1, max: 6 }), perNightMinor: minor }),
      minNightMinor: fc.option(fc.integer({ min: 1, max: 1_000_000 })),
      taxes: fc.array(
        fc.record({
          name: fc.constant('Tax'),
          kind: fc.constantFrom('percent', 'per_night', 'per_guest', 'per_guest_night'),
          bps: fc.integer({ min: 0, max: 2_000 }),
          amountMinor: fc.integer({ min: 0, max: 2_000_000_000 }),
          exemptAboveNights: fc.option(fc.integer({ min: 1, max: 40 })),
          exemptUnderAge: fc.option(fc.integer({ min: 1, max: 21 })),
        }),
        { maxLength: 5 },
      ),
    }),
    start: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 1, max: 60 }),
    guests: fc.record({
      adults: fc.integer({ min: 1, max: 20 }),
      children: fc.array(fc.record({ age: fc.integer({ min: 0, max: 17 }) }), { maxLength: 5 }),
      infants: fc.integer({ min: 0, max: 3 }),
      pets: fc.integer({ min: 0, max: 3 }),
    }),
    timeZone: fc.constantFrom(
      'Europe/London',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Kiritimati',
    ),
  })
  .map(({ rules, start, length, guests, timeZone }) => ({
    rules: PriceRules.parse(rules),
    checkInDate: addDays('2027-03-01', start),
    checkOutDate: addDays('2027-03-01', start + length),
    guests: Guests.parse(guests),
    timeZone,
    now: new Date('2027-02-27T11:30:00Z'),
  }));

describe('any stay', () => {
  it('has lines that sum to the total and nights that sum to their lines', () => {
    fc.assert(
      fc.property(anyStay, (stay) => {
        const priced = priceStay(stay);
        const linesOf = (kind: string) =>
          sum(priced.lines.filter((line) => line.kind === kind).map((line) => line.amountMinor));
        expect(sum(priced.lines.map((line) => line.amountMinor))).toBe(priced.totalMinor);
        expect(linesOf('night')).toBe(sum(priced.nights.map((night) => night.baseMinor)));
        expect(linesOf('night') + linesOf('discount')).toBe(
          sum(priced.nights.map((night) => night.amountMinor)),
        );
        expect(linesOf('tax')).toBe(sum(priced.taxes.map((tax) => tax.amountMinor)));
        expect(linesOf('service_fee')).toBe(priced.serviceFeeMinor);
        expect(priced.lines.filter((line) => line.kind === 'night').map((line) => line.date)).toEqual(
          priced.nights.map((night) => night.date),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('discounts no night below the least it may cost, nor below nothing', () => {
    fc.assert(
      fc.property(anyStay, (stay) => {
        for (const { baseMinor, amountMinor } of priceStay(stay).nights) {
          expect(amountMinor).toBeGreaterThanOrEqual(Math.min(baseMinor, stay.rules.minNightMinor ?? 0));
          expect(amountMinor).toBeLessThanOrEqual(baseMinor);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('pays its host what the host fee leaves of nights, extra guests and cleaning', () => {
    fc.assert(
      fc.property(anyStay, (stay) => {
        const priced = priceStay(stay);
        const baseMinor =
          sum(priced.nights.map((night) => night.amountMinor)) +
          priced.extraGuestMinor +
          priced.cleaningMinor;
        expect(priced.hostPayoutMinor + priced.hostFeeMinor).toBe(baseMinor);
        expect(Math.abs(priced.hostFeeMinor * 100 - baseMinor * 3)).toBeLessThanOrEqual(50);
      }),
      { numRuns: 400 },
    );
  });

  it('stays exact at the limits of the rules', () => {
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
