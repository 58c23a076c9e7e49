import { allocate, percentOf, roundDownToStep, roundHalfEven, roundUpToStep, sum } from '@roost/money';
import type { BookedPrice, BookedTax } from './booked-stay.js';
import { waive } from './charge.js';
import { NOTHING_RETAINED, type RefundTier } from './refund-tiers.js';

export type RefundLineKind = 'night' | 'extra_guest' | 'cleaning' | 'service_fee' | 'tax';

export interface Refund {
  /** The sum of the lines. */
  refundMinor: number;
  /** One per kind, in this order; lines of 0 are omitted. */
  lines: { kind: RefundLineKind; refundMinor: number }[];
  nightsStayed: number;
  /** Nights and their extra-guest fees. */
  refundNightsMinor: number;
  keptNightsMinor: number;
  keptCleaningMinor: number;
  keptServiceFeeMinor: number;
  keptTaxMinor: number;
  /** Computed again from the retained amounts for nights, extra guests and cleaning. */
  hostFeeMinor: number;
  /** The retained amounts for nights, extra guests and cleaning, less the host fee. */
  hostPayoutMinor: number;
}

function proRata(amountMinor: number, part: number | bigint, whole: number | bigint): number {
  if (BigInt(whole) === 0n) return 0;
  return Number(roundHalfEven(BigInt(amountMinor) * BigInt(part), BigInt(whole)));
}

export function totalOf(price: BookedPrice): number {
  return sum([
    ...price.nights.map((night) => night.amountMinor),
    price.extraGuestMinor,
    price.cleaningMinor,
    price.serviceFeeMinor,
    ...price.taxes.map((tax) => tax.amountMinor),
  ]);
}

export interface RefundParts {
  night: number;
  extra_guest: number;
  cleaning: number;
  service_fee: number;
  tax: number;
}

const LINE_KINDS = ['night', 'extra_guest', 'cleaning', 'service_fee', 'tax'] as const;

export function refundOf(price: BookedPrice, parts: RefundParts, nightsStayed: number): Refund {
  const nightsMinor = sum(price.nights.map((night) => night.amountMinor)) + price.extraGuestMinor;
  const refundNightsMinor = parts.night + parts.extra_guest;
  const keptNightsMinor = nightsMinor - refundNightsMinor;
  const keptCleaningMinor = price.cleaningMinor - parts.cleaning;
  const hostFeeMinor = percentOf(keptNightsMinor + keptCleaningMinor, price.hostFeeBps);
  const { paid, waivedMinor } = payable(price, parts);
  const kept = waive(
    {
      serviceFeeMinor: price.serviceFeeMinor - parts.service_fee,
      hostFeeMinor,
      hostPayoutMinor: keptNightsMinor + keptCleaningMinor - hostFeeMinor,
      taxMinor: sum(price.taxes.map((tax) => tax.amountMinor)) - parts.tax,
    },
    waivedMinor,
  );
  return {
    refundMinor: totalOfParts(paid),
    lines: LINE_KINDS.map((kind) => ({ kind, refundMinor: paid[kind] })).filter(
      (line) => line.refundMinor !== 0,
    ),
    nightsStayed,
    refundNightsMinor,
    keptNightsMinor,
    keptCleaningMinor,
    keptServiceFeeMinor: kept.serviceFeeMinor,
    keptTaxMinor: kept.taxMinor,
    hostFeeMinor: kept.hostFeeMinor,
    hostPayoutMinor: kept.hostPayoutMinor,
  };
}

const totalOfParts = (parts: RefundParts): number => sum(LINE_KINDS.map((kind) => parts[kind]));

/**
 * Rounds a refund up to an amount that cards can be refunded, at most the charge. `waivedMinor`: how much less the parties
 * retain of the charge than of the exact price.
 */
function payable(price: BookedPrice, parts: RefundParts): { paid: RefundParts; waivedMinor: number } {
  const { chargeStepMinor: stepMinor = 1 } = price;
  const [exactTotalMinor, exactMinor] = [totalOf(price), totalOfParts(parts)];
  const chargedMinor = roundDownToStep(exactTotalMinor, stepMinor);
  const refundMinor = Math.min(roundUpToStep(exactMinor, stepMinor), chargedMinor);
  return {
    paid: adjust(parts, refundMinor - exactMinor),
    waivedMinor: exactTotalMinor - exactMinor - (chargedMinor - refundMinor),
  };
}

/** Adds a rounding to the largest line, or takes it off the largest ones; taxes last. */
function adjust(parts: RefundParts, differenceMinor: number): RefundParts {
  const adjusted = { ...parts };
  const kinds = LINE_KINDS.filter((kind) => parts[kind] > 0).toSorted(
    (a, b) => Number(a === 'tax') - Number(b === 'tax') || parts[b] - parts[a],
  );
  let open = differenceMinor;
  for (const kind of kinds) {
    const change = Math.max(open, -adjusted[kind]);
    adjusted[kind] += change;
    open -= change;
  }
  return adjusted;
}

/** What is retained of the base of percent taxes. */
interface RetainedBase {
  /** The first nights, retained with their extra-guest fees. */
  wholeNights: number;
  /** The retained part of the other nights and of their extra-guest fees. */
  restMinor: number;
  cleaningMinor: number;
}

/**
 * The part of a percent tax that is retained: in proportion to what is retained of its base, rounded once. The base of a tax
 * on the first nights contains these nights and their equal share of the cleaning fee.
 */
function retainedPercentTax(
  { amountMinor, taxedNights }: BookedTax,
  price: BookedPrice,
  retained: RetainedBase,
): number {
  const count = price.nights.length;
  const taxed = taxedNights ?? count;
  const firstNights = (nights: number): number => {
    const [extraMinor = 0] = allocate(price.extraGuestMinor, [nights, count - nights]);
    return sum(price.nights.slice(0, nights).map((night) => night.amountMinor)) + extraMinor;
  };
  /** An amount of taxed nights and the share of a cleaning fee, in parts of a minor unit: `count` of them are one. */
  const withCleaning = (nightsMinor: bigint, cleaningMinor: number): bigint =>
    nightsMinor * BigInt(count) + BigInt(cleaningMinor) * BigInt(taxed);

  const wholeMinor = firstNights(retained.wholeNights);
  const taxedWholeMinor = firstNights(Math.min(retained.wholeNights, taxed));
  const taxedRestMinor = firstNights(Math.max(retained.wholeNights, taxed)) - wholeMinor;
  // The other nights may be free. Then nothing of them is retained, and the divisor does not matter.
  const rest = BigInt(Math.max(1, firstNights(count) - wholeMinor));
  const part =
    withCleaning(BigInt(taxedWholeMinor), retained.cleaningMinor) * rest +
    withCleaning(BigInt(retained.restMinor) * BigInt(taxedRestMinor), 0);
  const whole = withCleaning(BigInt(firstNights(taxed)), price.cleaningMinor) * rest;
  return proRata(amountMinor, part, whole);
}

/** The refund of a tier when `nightsStayed` nights have begun. */
export function refundUnder(tier: RefundTier, price: BookedPrice, nightsStayed: number): Refund {
  const count = price.nights.length;
  const begun = nightsStayed > 0;
  const keptWhole = Math.min(count, nightsStayed + tier.nightsBeyondStayed);
  const restNightsMinor = sum(price.nights.slice(keptWhole).map((night) => night.amountMinor));
  const [, restExtraMinor = 0] = allocate(price.extraGuestMinor, [keptWhole, count - keptWhole]);
  const restMinor = restNightsMinor + restExtraMinor;
  const refundNightsMinor = restMinor - percentOf(restMinor, tier.restBps);
  const [night = 0, extraGuest = 0] = allocate(refundNightsMinor, [restNightsMinor, restExtraMinor]);
  const cleaning = begun ? 0 : price.cleaningMinor;

  const retained = {
    wholeNights: keptWhole,
    restMinor: restMinor - refundNightsMinor,
    cleaningMinor: price.cleaningMinor - cleaning,
  };
  const tax = price.taxes.map((each) => {
    const { kind, amountMinor, taxedNights = count } = each;
    switch (kind) {
      case 'percent':
        return amountMinor - retainedPercentTax(each, price, retained);
      case 'per_night':
      case 'per_guest_night':
        return amountMinor - proRata(amountMinor, Math.min(nightsStayed, taxedNights), taxedNights);
      case 'per_guest':
        return begun ? 0 : amountMinor;
    }
  });

  const parts = {
    night,
    extra_guest: extraGuest,
    cleaning,
    service_fee: tier.serviceFeeReturned ? price.serviceFeeMinor : 0,
    tax: sum(tax),
  };
  return refundOf(price, parts, nightsStayed);
}

/** The full refund: of a booking that ends before its confirmation, and of a cancellation by the host before check-in. */
export function refundEverything(price: BookedPrice): Refund {
  return refundUnder(NOTHING_RETAINED, price, 0);
}

/** The lowest refund among the tiers; of equal refunds the first. */
export function worstRefund(
  tiers: readonly [RefundTier, ...RefundTier[]],
  price: BookedPrice,
  nightsStayed: number,
): Refund {
  return tiers
    .map((tier) => refundUnder(tier, price, nightsStayed))
    .reduce((worst, refund) => (refund.refundMinor < worst.refundMinor ? refund : worst));
}

/**
 * Limits a refund to `restMinor`, the part of the payment that is not yet refunded as goodwill. Each line is reduced by its
 * share, so no line exceeds the rule. The retained amounts are the rest of the price, including the goodwill.
 */
export function limitRefund(refund: Refund, price: BookedPrice, restMinor: number): Refund {
  if (refund.refundMinor <= restMinor) return refund;
  const parts: RefundParts = { night: 0, extra_guest: 0, cleaning: 0, service_fee: 0, tax: 0 };
  for (const { kind, refundMinor } of limitLines(refund.lines, restMinor)) parts[kind] = refundMinor;
  return refundOf(price, parts, refund.nightsStayed);
}

/** Reduces the lines to a sum of at most `limitMinor`, by largest remainder; lines of 0 are omitted. */
export function limitLines<Line extends { refundMinor: number }>(
  lines: readonly Line[],
  limitMinor: number,
): Line[] {
  const amounts = lines.map((line) => line.refundMinor);
  if (sum(amounts) <= limitMinor) return [...lines];
  const shares = allocate(limitMinor, amounts);
  return lines
    .map((line, order) => ({ ...line, refundMinor: shares[order] ?? 0 }))
    .filter((line) => line.refundMinor !== 0);
}
