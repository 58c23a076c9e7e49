import { percentOf, roundHalfEven, allocate, sum } from '@roost/money';
import { type IsoDate, addDays, addHours, localInstant, nightCount } from '@roost/stay';

/** What a cancelled stay gives back (DOMAIN.md §3). All amounts are minor units of the booking's currency. */

export const CANCELLATION_POLICIES = ['flexible', 'moderate', 'limited', 'firm', 'strict'] as const;
export type CancellationPolicy = (typeof CANCELLATION_POLICIES)[number];

/** What the guest pays, as `priceStay` gives it, with the host fee of that day. */
export interface BookedPrice {
  /** One per night, in order; after discount, without extra-guest fees. */
  nights: readonly { amountMinor: number }[];
  /** Of the whole stay; the same for every night. */
  extraGuestMinor: number;
  cleaningMinor: number;
  /** The guest's fee to the marketplace. */
  serviceFeeMinor: number;
  taxes: readonly { kind: 'percent' | 'per_night' | 'per_guest' | 'per_guest_night'; amountMinor: number }[];
  hostFeeBps: number;
}

/** The terms that are frozen on a booking when it is made; those of a quote or booking fit as they are. */
export interface BookedStay {
  cancellationPolicy: CancellationPolicy;
  timeZone: string;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  /** `HH:MM` local. */
  checkInFrom: string;
  checkInAt: Date;
  checkOutAt: Date;
  currency: string;
  price: BookedPrice;
}

export type RefundLineKind = 'night' | 'extra_guest' | 'cleaning' | 'service_fee' | 'tax';

export interface Refund {
  /** The sum of the lines. */
  refundMinor: number;
  /** One per kind, in this order; those of nothing are left out. */
  lines: { kind: RefundLineKind; refundMinor: number }[];
  nightsStayed: number;
  /** Nights and their extra-guest fees. */
  refundNightsMinor: number;
  keptNightsMinor: number;
  keptCleaningMinor: number;
  keptServiceFeeMinor: number;
  keptTaxMinor: number;
  /** Computed again on what is kept of nights, extra guests and cleaning. */
  hostFeeMinor: number;
  /** What is kept of nights, extra guests and cleaning, less the host fee. */
  hostPayoutMinor: number;
}

/**
 * How much of the nights a cancel keeps: `nightsBeyondStayed` of the earliest nights after those stayed,
 * and `restBps` of the sum of the others.
 */
export interface RefundTier {
  nightsBeyondStayed: number;
  restBps: number;
  /** Only where nothing is kept. */
  serviceFeeReturned: boolean;
}

const NOTHING_KEPT: RefundTier = { nightsBeyondStayed: 0, restBps: 0, serviceFeeReturned: true };
const ONE_MORE_KEPT: RefundTier = { nightsBeyondStayed: 1, restBps: 0, serviceFeeReturned: false };
const ONE_MORE_AND_HALF_KEPT: RefundTier = {
  nightsBeyondStayed: 1,
  restBps: 5_000,
  serviceFeeReturned: false,
};
const HALF_KEPT: RefundTier = { nightsBeyondStayed: 0, restBps: 5_000, serviceFeeReturned: false };
const ALL_KEPT: RefundTier = { nightsBeyondStayed: 0, restBps: 10_000, serviceFeeReturned: false };
const NEXT_THIRTY_KEPT: RefundTier = { nightsBeyondStayed: 30, restBps: 0, serviceFeeReturned: false };
const STAYED_KEPT: RefundTier = { nightsBeyondStayed: 0, restBps: 0, serviceFeeReturned: false };

/** Days are calendar days at the check-in local time; hours are absolute. */
type Notice = { days: number } | { hours: number };

interface PolicyRules {
  /** First match wins: the tier holds up to and including the instant so long before check-in. */
  tiers: readonly { notice: Notice; tier: RefundTier }[];
  otherwise: RefundTier;
}

const POLICIES: Record<CancellationPolicy, PolicyRules> = {
  flexible: { tiers: [{ notice: { hours: 24 }, tier: NOTHING_KEPT }], otherwise: ONE_MORE_KEPT },
  moderate: { tiers: [{ notice: { days: 5 }, tier: NOTHING_KEPT }], otherwise: ONE_MORE_AND_HALF_KEPT },
  limited: {
    tiers: [
      { notice: { days: 14 }, tier: NOTHING_KEPT },
      { notice: { days: 7 }, tier: HALF_KEPT },
    ],
    otherwise: ALL_KEPT,
  },
  firm: {
    tiers: [
      { notice: { days: 30 }, tier: NOTHING_KEPT },
      { notice: { days: 7 }, tier: HALF_KEPT },
    ],
    otherwise: ALL_KEPT,
  },
  strict: { tiers: [{ notice: { days: 7 }, tier: HALF_KEPT }], otherwise: ALL_KEPT },
};

const LONG_STAY_NIGHTS = 28;
const LONG_STAY: PolicyRules = {
  tiers: [{ notice: { days: 30 }, tier: NOTHING_KEPT }],
  otherwise: NEXT_THIRTY_KEPT,
};

const GRACE_HOURS = 24;
const GRACE_NOTICE: Notice = { days: 7 };

const notAfter = (a: Date, b: Date): boolean => a.getTime() <= b.getTime();

/** The last instant that is so long before check-in. */
function deadline(stay: BookedStay, notice: Notice): Date {
  if ('hours' in notice) return addHours(stay.checkInAt, -notice.hours);
  return localInstant(addDays(stay.checkInDate, -notice.days), stay.checkInFrom, stay.timeZone);
}

function rulesOf(stay: BookedStay): PolicyRules {
  const long = nightCount(stay.checkInDate, stay.checkOutDate) >= LONG_STAY_NIGHTS;
  return long ? LONG_STAY : POLICIES[stay.cancellationPolicy];
}

/** The last instant of the grace, or null where the booking was confirmed too late (or not yet) to have one. */
export function graceUntil(stay: BookedStay, confirmedAt: Date | null): Date | null {
  if (confirmedAt === null || !notAfter(confirmedAt, deadline(stay, GRACE_NOTICE))) return null;
  return addHours(confirmedAt, GRACE_HOURS);
}

export interface DatedTier {
  /** The last instant of the tier; null: for ever. */
  until: Date | null;
  tier: RefundTier;
}

/** The tiers of a guest's cancel, best first, the grace among them; the first that has not run out holds. */
export function datedTiers(stay: BookedStay, confirmedAt: Date | null): DatedTier[] {
  const grace = graceUntil(stay, confirmedAt);
  const rules = rulesOf(stay);
  return [
    ...(grace === null ? [] : [{ until: grace, tier: NOTHING_KEPT }]),
    ...rules.tiers.map(({ notice, tier }) => ({ until: deadline(stay, notice), tier })),
    { until: null, tier: rules.otherwise },
  ];
}

export function tierAt(tiers: readonly DatedTier[], at: Date): RefundTier {
  return tiers.find(({ until }) => until === null || notAfter(at, until))?.tier ?? ALL_KEPT;
}

/** When a night begins to count as stayed: the first at the check-in instant, a later one at its midnight. */
export function nightStart(stay: BookedStay, night: number): Date {
  if (night === 0) return stay.checkInAt;
  return localInstant(addDays(stay.checkInDate, night), '00:00', stay.timeZone);
}

/** How many nights have begun. */
export function nightsStayedAt(stay: BookedStay, at: Date): number {
  let [stayed, notYet] = [0, nightCount(stay.checkInDate, stay.checkOutDate) + 1];
  while (notYet - stayed > 1) {
    const middle = Math.floor((stayed + notYet) / 2);
    if (notAfter(nightStart(stay, middle - 1), at)) stayed = middle;
    else notYet = middle;
  }
  return stayed;
}

function proRata(amountMinor: number, part: number, whole: number): number {
  if (whole === 0) return 0;
  return Number(roundHalfEven(BigInt(amountMinor) * BigInt(part), BigInt(whole)));
}

function totalOf(price: BookedPrice): number {
  return sum([
    ...price.nights.map((night) => night.amountMinor),
    price.extraGuestMinor,
    price.cleaningMinor,
    price.serviceFeeMinor,
    ...price.taxes.map((tax) => tax.amountMinor),
  ]);
}

interface RefundParts {
  night: number;
  extra_guest: number;
  cleaning: number;
  service_fee: number;
  tax: number;
}

const LINE_KINDS = ['night', 'extra_guest', 'cleaning', 'service_fee', 'tax'] as const;

function refundOf(price: BookedPrice, parts: RefundParts, nightsStayed: number): Refund {
  const nightsMinor = sum(price.nights.map((night) => night.amountMinor)) + price.extraGuestMinor;
  const refundNightsMinor = parts.night + parts.extra_guest;
  const keptNightsMinor = nightsMinor - refundNightsMinor;
  const keptCleaningMinor = price.cleaningMinor - parts.cleaning;
  const hostFeeMinor = percentOf(keptNightsMinor + keptCleaningMinor, price.hostFeeBps);
  return {
    refundMinor: sum(LINE_KINDS.map((kind) => parts[kind])),
    lines: LINE_KINDS.map((kind) => ({ kind, refundMinor: parts[kind] })).filter(
      (line) => line.refundMinor !== 0,
    ),
    nightsStayed,
    refundNightsMinor,
    keptNightsMinor,
    keptCleaningMinor,
    keptServiceFeeMinor: price.serviceFeeMinor - parts.service_fee,
    keptTaxMinor: sum(price.taxes.map((tax) => tax.amountMinor)) - parts.tax,
    hostFeeMinor,
    hostPayoutMinor: keptNightsMinor + keptCleaningMinor - hostFeeMinor,
  };
}

/** The refund that a tier gives when `nightsStayed` nights have begun. */
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

  const taxedMinor =
    sum(price.nights.map(({ amountMinor }) => amountMinor)) + price.extraGuestMinor + price.cleaningMinor;
  const keptTaxedMinor = taxedMinor - refundNightsMinor - cleaning;
  const tax = price.taxes.map(({ kind, amountMinor }) => {
    switch (kind) {
      case 'percent':
        return amountMinor - proRata(amountMinor, keptTaxedMinor, taxedMinor);
      case 'per_night':
      case 'per_guest_night':
        return amountMinor - proRata(amountMinor, nightsStayed, count);
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

/** All of it: what ends before it is confirmed, and what a host cancels before check-in. */
export function refundEverything(price: BookedPrice): Refund {
  return refundUnder(NOTHING_KEPT, price, 0);
}

/** Of several tiers the one that gives the guest the least; where they give the same, the first. */
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
 * What a guest gets back who cancels a `confirmed` or `in_stay` booking `at` an instant of domain time. The
 * tiers that held under the old terms when the booking was changed still count where they are worse: nobody
 * moves a stay far away to cancel it free.
 */
export function guestCancel(
  stay: BookedStay,
  confirmedAt: Date,
  at: Date,
  tiersAtChanges: readonly RefundTier[] = [],
): Refund {
  const tiers = [tierAt(datedTiers(stay, confirmedAt), at), ...tiersAtChanges] as const;
  return worstRefund(tiers, stay.price, nightsStayedAt(stay, at));
}

/** The tiers that count from a change `at` an instant on: those of earlier changes and what held until then. */
export function tiersAfterChange(
  stay: BookedStay,
  confirmedAt: Date,
  at: Date,
  tiersAtChanges: readonly RefundTier[],
): RefundTier[] {
  const held = tierAt(datedTiers(stay, confirmedAt), at);
  const isKnown = tiersAtChanges.some(
    ({ nightsBeyondStayed, restBps, serviceFeeReturned }) =>
      nightsBeyondStayed === held.nightsBeyondStayed &&
      restBps === held.restBps &&
      serviceFeeReturned === held.serviceFeeReturned,
  );
  return isKnown ? [...tiersAtChanges] : [...tiersAtChanges, held];
}

/** What a guest gets back whose host cancels: everything before check-in, in stay the nights not stayed. */
export function hostCancel(stay: BookedStay, at: Date): Refund {
  const stayed = nightsStayedAt(stay, at);
  return refundUnder(stayed === 0 ? NOTHING_KEPT : STAYED_KEPT, stay.price, stayed);
}

/**
 * What of a refund can still be given back when goodwill has left no more than `leftMinor` of what was paid: each line
 * gives its share, so none gives more than the rule did. What is kept is the rest of the price, goodwill among it.
 */
export function limitRefund(refund: Refund, price: BookedPrice, leftMinor: number): Refund {
  if (refund.refundMinor <= leftMinor) return refund;
  const parts: RefundParts = { night: 0, extra_guest: 0, cleaning: 0, service_fee: 0, tax: 0 };
  for (const { kind, refundMinor } of limitLines(refund.lines, leftMinor)) parts[kind] = refundMinor;
  return refundOf(price, parts, refund.nightsStayed);
}

/** Lines that come to `limitMinor` at the most, shared by largest remainder; those of nothing are left out. */
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

/**
 * The refund that an admin sets, divided over what was paid by largest remainder; null unless
 * `0 ≤ refundMinor ≤ refundableMinor` (what is captured and not yet refunded).
 */
export function adminCancel(
  stay: BookedStay,
  at: Date,
  { refundMinor, refundableMinor }: { refundMinor: number; refundableMinor: number },
): Refund | null {
  const { price } = stay;
  if (!Number.isSafeInteger(refundMinor) || refundMinor < 0) return null;
  if (refundMinor > Math.min(refundableMinor, totalOf(price))) return null;
  const [night = 0, extraGuest = 0, cleaning = 0, serviceFee = 0, ...taxes] = allocate(refundMinor, [
    sum(price.nights.map(({ amountMinor }) => amountMinor)),
    price.extraGuestMinor,
    price.cleaningMinor,
    price.serviceFeeMinor,
    ...price.taxes.map(({ amountMinor }) => amountMinor),
  ]);
  const parts = { night, extra_guest: extraGuest, cleaning, service_fee: serviceFee, tax: sum(taxes) };
  return refundOf(price, parts, nightsStayedAt(stay, at));
}
