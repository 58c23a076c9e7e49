import { MAX_MINOR } from '@roost/money';
import { WEEKDAYS, isLocalTime, isRealDate } from '@roost/stay';
import { z } from 'zod';

// With these limits every total of a stay of 730 nights and 200 guests is a safe integer.
const MAX_PER_UNIT_MINOR = MAX_MINOR / 100;
const MAX_STAY_NIGHTS = 730;

const Bps = z.int().min(0).max(10_000);
const Minor = z.int().min(0).max(MAX_MINOR);
const PriceMinor = z.int().min(1).max(MAX_MINOR);
const PerUnitMinor = z.int().min(0).max(MAX_PER_UNIT_MINOR);
const Nights = z.int().min(1).max(MAX_STAY_NIGHTS);
const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => !/\p{Cc}/u.test(text), 'Must not contain control characters');
const NOT_A_DATE = 'Must be an existing date, YYYY-MM-DD';
const RealDate = z.iso.date({ error: NOT_A_DATE, abort: true }).refine(isRealDate, NOT_A_DATE);
const LocalTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time of day, HH:MM')
  .refine(isLocalTime);
const WeekdayName = z.enum(WEEKDAYS).meta({ id: 'Weekday' });
const distinct = (days: readonly string[]): boolean => new Set(days).size === days.length;
const forward = (range: { from: string; to: string }): boolean => range.from < range.to;
const FORWARD = { path: ['to'], error: 'Must be after from' };

export const TaxRule = z
  .strictObject({
    name: Name,
    kind: z.enum(['percent', 'per_night', 'per_guest', 'per_guest_night']),
    bps: Bps.default(0).meta({
      description:
        'Share of nights, extra guests and cleaning, in hundredths of a percent. For kind `percent` only.',
    }),
    amountMinor: PerUnitMinor.default(0).meta({
      description: 'Amount per unit, in minor units. For all other kinds.',
    }),
    exemptAboveNights: z.int().min(1).max(MAX_STAY_NIGHTS).nullable().default(null).meta({
      description: 'The tax is 0 for a stay of more nights.',
    }),
    maxNights: z.int().min(1).max(MAX_STAY_NIGHTS).nullable().default(null).meta({
      description:
        'Only this many nights from the first one are taxed, for kind `percent` with their share of extra guests and cleaning. Has no effect for kind `per_guest`. Null: all nights.',
    }),
    exemptUnderAge: z.int().min(1).max(120).nullable().default(null),
  })
  .meta({ id: 'TaxRule' });
export type TaxRule = z.output<typeof TaxRule>;

export const PriceRules = z
  .strictObject({
    basePriceMinor: PriceMinor,
    weekendPriceMinor: PriceMinor.nullable().default(null),
    weekendDays: z
      .array(WeekdayName)
      .max(7)
      .refine(distinct, 'Must not repeat a day')
      .meta({ uniqueItems: true })
      .default(['fri', 'sat']),
    overrides: z
      .array(
        z.strictObject({ from: RealDate, to: RealDate, priceMinor: PriceMinor }).refine(forward, FORWARD),
      )
      .max(100)
      .default([]),
    discounts: z
      .strictObject({
        weeklyBps: Bps.default(0),
        monthlyBps: Bps.default(0),
        earlyBird: z
          .strictObject({ days: z.int().min(1).max(730), bps: Bps })
          .nullable()
          .default(null),
        lastMinute: z
          .strictObject({ days: z.int().min(0).max(730), bps: Bps })
          .nullable()
          .default(null),
      })
      .default({ weeklyBps: 0, monthlyBps: 0, earlyBird: null, lastMinute: null }),
    cleaningFeeMinor: Minor.default(0),
    extraGuest: z
      .strictObject({ above: z.int().min(1).max(100), perNightMinor: PerUnitMinor })
      .default({ above: 1, perNightMinor: 0 }),
    minNightMinor: PriceMinor.nullable().default(null),
    taxes: z
      .array(TaxRule)
      .max(20)
      .refine(
        (taxes) => taxes.reduce((total, tax) => total + tax.bps, 0) <= 10_000,
        'Must not add up to more than 100 %',
      )
      .refine(
        (taxes) => taxes.reduce((total, tax) => total + tax.amountMinor, 0) <= MAX_PER_UNIT_MINOR,
        'Must not add up to more than the maximum of a single tax',
      )
      .default([]),
  })
  .meta({ id: 'PriceRules' });
export type PriceRules = z.output<typeof PriceRules>;

const Weekdays = z.array(WeekdayName).min(1).max(7).refine(distinct).meta({ uniqueItems: true });

export const StayRules = z
  .strictObject({
    minNights: Nights.default(1),
    maxNights: Nights.default(365),
    minNightsByWeekday: z
      .strictObject({
        mon: Nights.optional(),
        tue: Nights.optional(),
        wed: Nights.optional(),
        thu: Nights.optional(),
        fri: Nights.optional(),
        sat: Nights.optional(),
        sun: Nights.optional(),
      })
      .default({})
      .meta({ description: 'Minimum nights by weekday of check-in.' }),
    minNightsOverrides: z
      .array(z.strictObject({ from: RealDate, to: RealDate, minNights: Nights }).refine(forward, FORWARD))
      .max(100)
      .default([])
      .meta({ description: 'Minimum nights by date of check-in.' }),
    advanceNoticeDays: z.int().min(0).max(365).default(0),
    sameDayCutOff: LocalTime.default('18:00'),
    preparationNights: z.int().min(0).max(30).default(0),
    bookingWindowMonths: z.int().min(1).max(36).default(12),
    checkInWeekdays: Weekdays.nullable().default(null),
    checkOutWeekdays: Weekdays.nullable().default(null),
  })
  .refine((rules) => rules.minNights <= rules.maxNights, {
    path: ['maxNights'],
    error: 'Must not be less than minNights',
  })
  .meta({ id: 'StayRules' });
export type StayRules = z.output<typeof StayRules>;

export const DEFAULT_STAY_RULES: StayRules = StayRules.parse({});

export const Guests = z
  .strictObject({
    adults: z.int().min(1).max(100),
    children: z
      .array(z.strictObject({ age: z.int().min(0).max(17) }))
      .max(100)
      .default([]),
    infants: z.int().min(0).max(20).default(0).meta({
      description: 'Guests under 2 years. They do not count towards capacity, extra guests or taxes.',
    }),
    pets: z.int().min(0).max(20).default(0),
  })
  .meta({ id: 'Guests' });
export type Guests = z.output<typeof Guests>;

export const QuoteLine = z
  .strictObject({
    kind: z.enum(['night', 'discount', 'extra_guest', 'cleaning', 'service_fee', 'tax']),
    date: z.iso.date().nullable().meta({ description: 'The date of the night, for lines of kind `night`.' }),
    label: z.string().max(200),
    amountMinor: z.int(),
  })
  .meta({ id: 'QuoteLine' });
export type QuoteLine = z.output<typeof QuoteLine>;

/** The fees of the marketplace, in hundredths of a percent of nights + extra guests + cleaning after discount. */
export interface Fees {
  guestFeeBps: number;
  hostFeeBps: number;
}

const bps = (standard: number) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(standard)
    .meta({ description: 'a whole number from 0 to 10000, in hundredths of a percent' });

/** The settings of the fees. Shared: bookings charges them, and payments shows them to clients. */
export const FeeConfig = z.object({ GUEST_FEE_BPS: bps(1_400), HOST_FEE_BPS: bps(300) });

export const DEFAULT_FEES: Fees = { guestFeeBps: 1_400, hostFeeBps: 300 };
