import { z } from 'zod';
import { Guests, PriceRules, StayRules } from './index.js';

const prices = { basePriceMinor: 12_000 };
const override = (from: string, to: string) => ({ from, to, priceMinor: 1 });
const tax = { name: 'City', kind: 'per_night', amountMinor: 100 };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** The path of the first issue, or null if the value is valid. */
function firstIssuePath(schema: z.ZodType, value: unknown): string | null {
  const result = schema.safeParse(value);
  return result.success ? null : `/${(result.error.issues[0]?.path ?? []).join('/')}`;
}

describe('PriceRules', () => {
  it('requires a base price only', () => {
    expect(PriceRules.parse(prices)).toEqual({
      basePriceMinor: 12_000,
      weekendPriceMinor: null,
      weekendDays: ['fri', 'sat'],
      overrides: [],
      discounts: { weeklyBps: 0, monthlyBps: 0, earlyBird: null, lastMinute: null },
      cleaningFeeMinor: 0,
      extraGuest: { above: 1, perNightMinor: 0 },
      minNightMinor: null,
      taxes: [],
    });
  });

  it.each<[string, unknown, string | null]>([
    ['no base price', {}, '/basePriceMinor'],
    ['a price of zero', { basePriceMinor: 0 }, '/basePriceMinor'],
    ['a negative price', { basePriceMinor: -1 }, '/basePriceMinor'],
    ['a fraction of a cent', { basePriceMinor: 0.5 }, '/basePriceMinor'],
    ['a price as text', { basePriceMinor: '12000' }, '/basePriceMinor'],
    ['the maximum price', { basePriceMinor: 1e12 }, null],
    ['a price above the maximum', { basePriceMinor: 1e12 + 1 }, '/basePriceMinor'],
    ['an unknown field', { ...prices, hostId: 'x' }, '/'],
    ['a tax on no nights', { ...prices, taxes: [{ ...tax, maxNights: 0 }] }, '/taxes/0/maxNights'],
    ['a tax on one night', { ...prices, taxes: [{ ...tax, maxNights: 1 }] }, null],
    ['a tax on 731 nights', { ...prices, taxes: [{ ...tax, maxNights: 731 }] }, '/taxes/0/maxNights'],
    ['an unknown nested field', { ...prices, taxes: [{ ...tax, owner: 'x' }] }, '/taxes/0'],
    ['100 overrides', { ...prices, overrides: times(100, override('2027-01-01', '2027-01-02')) }, null],
    [
      '101 overrides',
      { ...prices, overrides: times(101, override('2027-01-01', '2027-01-02')) },
      '/overrides',
    ],
    [
      'a date that does not exist',
      { ...prices, overrides: [override('2028-02-31', '2028-03-05')] },
      '/overrides/0/from',
    ],
    [
      'a datetime',
      { ...prices, overrides: [override('2028-02-01T00:00:00Z', '2028-03-05')] },
      '/overrides/0/from',
    ],
    [
      'an empty override',
      { ...prices, overrides: [override('2028-02-01', '2028-02-01')] },
      '/overrides/0/to',
    ],
    ['20 taxes', { ...prices, taxes: times(20, tax) }, null],
    ['21 taxes', { ...prices, taxes: times(21, tax) }, '/taxes'],
    [
      'taxes of more than 100 %',
      { ...prices, taxes: times(2, { ...tax, kind: 'percent', bps: 5_001 }) },
      '/taxes',
    ],
    ['a tax of an unknown kind', { ...prices, taxes: [{ ...tax, kind: 'per_bed' }] }, '/taxes/0/kind'],
    ['a tax with a NUL in its name', { ...prices, taxes: [{ ...tax, name: 'a\u0000b' }] }, '/taxes/0/name'],
    ['a discount of 100 %', { ...prices, discounts: { weeklyBps: 10_000 } }, null],
    [
      'a discount of more than 100 %',
      { ...prices, discounts: { weeklyBps: 10_001 } },
      '/discounts/weeklyBps',
    ],
    ['a repeated weekend day', { ...prices, weekendDays: ['fri', 'fri'] }, '/weekendDays'],
    ['no weekend days', { ...prices, weekendDays: [] }, null],
  ])('validates %s', (_, value, expected) => {
    expect(firstIssuePath(PriceRules, value)).toBe(expected);
  });
});

describe('StayRules', () => {
  it.each<[string, unknown, string | null]>([
    ['an empty object', {}, null],
    ['maxNights below minNights', { minNights: 8, maxNights: 7 }, '/maxNights'],
    ['zero nights', { minNights: 0 }, '/minNights'],
    ['an unknown weekday', { minNightsByWeekday: { someday: 2 } }, '/minNightsByWeekday'],
    [
      'a reversed override',
      { minNightsOverrides: [{ from: '2027-02-02', to: '2027-02-01', minNights: 2 }] },
      '/minNightsOverrides/0/to',
    ],
    ['an invalid time of day', { sameDayCutOff: '24:00' }, '/sameDayCutOff'],
    ['an empty list of weekdays', { checkInWeekdays: [] }, '/checkInWeekdays'],
    ['a booking window of 100 years', { bookingWindowMonths: 1_200 }, '/bookingWindowMonths'],
  ])('validates %s', (_, value, expected) => {
    expect(firstIssuePath(StayRules, value)).toBe(expected);
  });
});

describe('Guests', () => {
  it.each<[string, unknown, string | null]>([
    ['an adult', { adults: 1 }, null],
    ['zero adults', { adults: 0 }, '/adults'],
    ['a billion adults', { adults: 1e9 }, '/adults'],
    ['children without ages', { adults: 1, children: 2 }, '/children'],
    ['a child of 18', { adults: 1, children: [{ age: 18 }] }, '/children/0/age'],
    ['a fraction of a pet', { adults: 1, pets: 0.5 }, '/pets'],
  ])('validates %s', (_, value, expected) => {
    expect(firstIssuePath(Guests, value)).toBe(expected);
  });
});

it.each([
  ['PriceRules', PriceRules],
  ['StayRules', StayRules],
  ['Guests', Guests],
])('%s is represented in JSON Schema', (id, schema) => {
  const { $defs } = z.toJSONSchema(schema, { io: 'input' });
  expect($defs?.[id]).toMatchObject({ type: 'object', additionalProperties: false });
});
