import { sum } from '@roost/money';
import { addDays } from '@roost/stay';
import fc from 'fast-check';
import { Guests, PriceRules, type StayToPrice, priceStay } from './index.js';

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
          maxNights: fc.option(fc.integer({ min: 1, max: 40 })),
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
  it('has lines that sum to the total, and nights that sum to their lines', () => {
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

  it('has no night discounted below its minimum price or below zero', () => {
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

  it('has taxes on the first nights that grow with their number up to the whole tax', () => {
    fc.assert(
      fc.property(anyStay, fc.integer({ min: 1, max: 70 }), (stay, maxNights) => {
        const taxesOf = (limit: number | null) =>
          priceStay({
            ...stay,
            rules: {
              ...stay.rules,
              taxes: stay.rules.taxes.map((tax) => ({ ...tax, maxNights: limit })),
            },
          }).taxes.map((tax) => tax.amountMinor);
        const [fewer, more, all] = [taxesOf(maxNights), taxesOf(maxNights + 1), taxesOf(null)];
        for (const [tax, amountMinor] of fewer.entries()) {
          expect(amountMinor).toBeLessThanOrEqual(more[tax] ?? 0);
          expect(more[tax]).toBeLessThanOrEqual(all[tax] ?? 0);
        }
        if (maxNights >= priceStay(stay).nights.length) expect(fewer).toEqual(all);
      }),
      { numRuns: 400 },
    );
  });

  it('pays the host nights, extra guests and cleaning less the host fee', () => {
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
});
