import { allocate, percentOf, roundHalfEven, sum } from '@roost/money';
import { type IsoDate, localDate, nightCount, nights, weekday } from '@roost/stay';
import { countedGuests, taxedGuests } from './guests.js';
import { shortestCovering } from './ranges.js';
import {
  DEFAULT_FEES,
  type Fees,
  type Guests,
  type PriceRules,
  type QuoteLine,
  type TaxRule,
} from './rules.js';

export interface StayToPrice {
  rules: PriceRules;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  guests: Guests;
  /** Of the listing; days before check-in are counted from today in this time zone. */
  timeZone: string;
  now: Date;
  fees?: Fees;
}

export interface PricedNight {
  date: IsoDate;
  baseMinor: number;
  /** After discount. */
  amountMinor: number;
}

export interface PricedTax {
  name: string;
  kind: TaxRule['kind'];
  amountMinor: number;
  /** Only these first nights are taxed. Omitted: all nights, as in prices from before `maxNights` existed. */
  taxedNights?: number;
}

/** The price of a stay for guest and host. All amounts in minor units of the listing's currency. */
export interface PricedStay {
  nights: PricedNight[];
  /** They sum to `totalMinor`. Lines with the amount 0 are left out, except nights. */
  lines: QuoteLine[];
  /** Zero or negative. */
  discountMinor: number;
  extraGuestMinor: number;
  cleaningMinor: number;
  /** The guest's fee to the marketplace. */
  serviceFeeMinor: number;
  /** In the order of the rules, including taxes of 0. */
  taxes: PricedTax[];
  totalMinor: number;
  hostFeeMinor: number;
  hostPayoutMinor: number;
}

/** The price of one night before any discount: date override, else weekend price, else base price. */
export function priceNight(rules: PriceRules, date: IsoDate): number {
  const override = shortestCovering(rules.overrides, date);
  if (override !== undefined) return override.priceMinor;
  if (rules.weekendPriceMinor !== null && rules.weekendDays.includes(weekday(date)))
    return rules.weekendPriceMinor;
  return rules.basePriceMinor;
}

/** Only one discount applies: length of stay, else early bird, else last minute. */
function discountBps({ discounts }: PriceRules, stayNights: number, daysAhead: number): number {
  const lengthOfStay = Math.max(
    stayNights >= 7 ? discounts.weeklyBps : 0,
    stayNights >= 28 ? discounts.monthlyBps : 0,
  );
  if (lengthOfStay > 0) return lengthOfStay;
  const { earlyBird, lastMinute } = discounts;
  if (earlyBird !== null && earlyBird.bps > 0 && daysAhead >= earlyBird.days) return earlyBird.bps;
  if (lastMinute !== null && daysAhead <= lastMinute.days) return lastMinute.bps;
  return 0;
}

function discounted(rules: PriceRules, baseMinor: readonly number[], bps: number): readonly number[] {
  if (bps === 0) return baseMinor;
  const shares = allocate(percentOf(sum(baseMinor), bps), baseMinor);
  const floor = rules.minNightMinor ?? 0;
  return baseMinor.map((base, night) => base - Math.min(shares[night] ?? 0, Math.max(0, base - floor)));
}

/** The amounts of a stay that percent taxes are computed from. */
interface TaxBase {
  /** One per night, after discount. */
  nightsMinor: readonly number[];
  /** Extra guests and cleaning; each night has an equal share. */
  feesMinor: number;
}

/** Rounds once: the share of the fees is not rounded before. */
function percentOfNights({ nightsMinor, feesMinor }: TaxBase, taxedNights: number, bps: number): number {
  const stayNights = nightsMinor.length;
  const taxed =
    BigInt(sum(nightsMinor.slice(0, taxedNights))) * BigInt(stayNights) +
    BigInt(feesMinor) * BigInt(taxedNights);
  return Number(roundHalfEven(taxed * BigInt(bps), 10_000n * BigInt(stayNights)));
}

function priceTax(tax: TaxRule, base: TaxBase, guests: Guests): PricedTax {
  const stayNights = base.nightsMinor.length;
  // Rules from before the field existed lack it.
  const taxedNights = Math.min(stayNights, tax.maxNights ?? stayNights);
  const exempt = isExempt(tax, stayNights);
  const hasUntaxedNights = taxedNights < stayNights && tax.kind !== 'per_guest' && !exempt;
  return {
    name: tax.name,
    kind: tax.kind,
    amountMinor: exempt ? 0 : taxAmount(tax, base, { taxedNights, guests }),
    ...(hasUntaxedNights ? { taxedNights } : {}),
  };
}

const isExempt = ({ exemptAboveNights }: TaxRule, stayNights: number): boolean =>
  exemptAboveNights !== null && stayNights > exemptAboveNights;

function taxAmount(
  tax: TaxRule,
  base: TaxBase,
  { taxedNights, guests }: { taxedNights: number; guests: Guests },
): number {
  switch (tax.kind) {
    case 'percent':
      return percentOfNights(base, taxedNights, tax.bps);
    case 'per_night':
      return tax.amountMinor * taxedNights;
    case 'per_guest':
      return tax.amountMinor * taxedGuests(guests, tax.exemptUnderAge);
    case 'per_guest_night':
      return tax.amountMinor * taxedGuests(guests, tax.exemptUnderAge) * taxedNights;
  }
}

/**
 * Prices a stay that `checkStay` allows (docs/domain.md §1, §2): each line is rounded half-even once, and the total is their
 * sum. Quotes in bookings and totals in search both use this function, so they agree to the cent. Throws a RangeError for a
 * stay without a night.
 */
export function priceStay(stay: StayToPrice): PricedStay {
  const { rules, guests, fees = DEFAULT_FEES } = stay;
  const dates = nights(stay.checkInDate, stay.checkOutDate);
  if (dates.length === 0) throw new RangeError('A stay must have at least one night');

  const baseMinor = dates.map((date) => priceNight(rules, date));
  const daysAhead = nightCount(localDate(stay.now, stay.timeZone), stay.checkInDate);
  const amountMinor = discounted(rules, baseMinor, discountBps(rules, dates.length, daysAhead));
  const nightsMinor = sum(amountMinor);
  const discountMinor = nightsMinor - sum(baseMinor);
  const extraGuests = Math.max(0, countedGuests(guests) - rules.extraGuest.above);
  const extraGuestMinor = rules.extraGuest.perNightMinor * extraGuests * dates.length;
  const cleaningMinor = rules.cleaningFeeMinor;

  const feeBaseMinor = nightsMinor + extraGuestMinor + cleaningMinor;
  const serviceFeeMinor = percentOf(feeBaseMinor, fees.guestFeeBps);
  const hostFeeMinor = percentOf(feeBaseMinor, fees.hostFeeBps);
  const taxBase = { nightsMinor: amountMinor, feesMinor: extraGuestMinor + cleaningMinor };
  const taxes = rules.taxes.map((tax) => priceTax(tax, taxBase, guests));

  const line = (kind: QuoteLine['kind'], label: string, lineMinor: number, date: IsoDate | null = null) => ({
    kind,
    date,
    label,
    amountMinor: lineMinor,
  });
  const lines: QuoteLine[] = [
    ...dates.map((date, night) => line('night', 'Night', baseMinor[night] ?? 0, date)),
    ...[
      line('discount', 'Discount', discountMinor),
      line('extra_guest', 'Extra guests', extraGuestMinor),
      line('cleaning', 'Cleaning fee', cleaningMinor),
      line('service_fee', 'Service fee', serviceFeeMinor),
      ...taxes.map((tax) => line('tax', tax.name, tax.amountMinor)),
    ].filter(({ amountMinor: lineMinor }) => lineMinor !== 0),
  ];

  return {
    nights: dates.map((date, night) => ({
      date,
      baseMinor: baseMinor[night] ?? 0,
      amountMinor: amountMinor[night] ?? 0,
    })),
    lines,
    discountMinor,
    extraGuestMinor,
    cleaningMinor,
    serviceFeeMinor,
    taxes,
    totalMinor: sum(lines.map((each) => each.amountMinor)),
    hostFeeMinor,
    hostPayoutMinor: feeBaseMinor - hostFeeMinor,
  };
}
