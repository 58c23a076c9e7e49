import { addDays, addHours, localInstant, nightCount } from '@roost/stay';
import type { BookedStay, CancellationPolicy } from './booked-stay.js';

/**
 * The part of the nights that a cancellation retains: the first `nightsBeyondStayed` nights after those stayed, and
 * `restBps` of the sum of the other nights.
 */
export interface RefundTier {
  nightsBeyondStayed: number;
  restBps: number;
  /** True only if nothing is retained. */
  serviceFeeReturned: boolean;
}

export const NOTHING_RETAINED: RefundTier = { nightsBeyondStayed: 0, restBps: 0, serviceFeeReturned: true };
const ONE_MORE_RETAINED: RefundTier = { nightsBeyondStayed: 1, restBps: 0, serviceFeeReturned: false };
const ONE_MORE_AND_HALF_RETAINED: RefundTier = {
  nightsBeyondStayed: 1,
  restBps: 5_000,
  serviceFeeReturned: false,
};
const HALF_RETAINED: RefundTier = { nightsBeyondStayed: 0, restBps: 5_000, serviceFeeReturned: false };
const ALL_RETAINED: RefundTier = { nightsBeyondStayed: 0, restBps: 10_000, serviceFeeReturned: false };
const NEXT_THIRTY_RETAINED: RefundTier = { nightsBeyondStayed: 30, restBps: 0, serviceFeeReturned: false };
export const STAYED_RETAINED: RefundTier = { nightsBeyondStayed: 0, restBps: 0, serviceFeeReturned: false };

/** Days are calendar days at the check-in local time; hours are absolute. */
type Notice = { days: number } | { hours: number };

interface PolicyRules {
  /** The first match applies: a tier holds until this notice before check-in, inclusive. */
  tiers: readonly { notice: Notice; tier: RefundTier }[];
  otherwise: RefundTier;
}

const POLICIES: Record<CancellationPolicy, PolicyRules> = {
  flexible: { tiers: [{ notice: { hours: 24 }, tier: NOTHING_RETAINED }], otherwise: ONE_MORE_RETAINED },
  moderate: {
    tiers: [{ notice: { days: 5 }, tier: NOTHING_RETAINED }],
    otherwise: ONE_MORE_AND_HALF_RETAINED,
  },
  limited: {
    tiers: [
      { notice: { days: 14 }, tier: NOTHING_RETAINED },
      { notice: { days: 7 }, tier: HALF_RETAINED },
    ],
    otherwise: ALL_RETAINED,
  },
  firm: {
    tiers: [
      { notice: { days: 30 }, tier: NOTHING_RETAINED },
      { notice: { days: 7 }, tier: HALF_RETAINED },
    ],
    otherwise: ALL_RETAINED,
  },
  strict: { tiers: [{ notice: { days: 7 }, tier: HALF_RETAINED }], otherwise: ALL_RETAINED },
};

const LONG_STAY_NIGHTS = 28;
const LONG_STAY: PolicyRules = {
  tiers: [{ notice: { days: 30 }, tier: NOTHING_RETAINED }],
  otherwise: NEXT_THIRTY_RETAINED,
};

const GRACE_HOURS = 24;
const GRACE_NOTICE: Notice = { days: 7 };

/** The last instant with this notice before check-in. */
function deadline(stay: BookedStay, notice: Notice): Date {
  if ('hours' in notice) return addHours(stay.checkInAt, -notice.hours);
  return localInstant(addDays(stay.checkInDate, -notice.days), stay.checkInFrom, stay.timeZone);
}

function rulesOf(stay: BookedStay): PolicyRules {
  const long = nightCount(stay.checkInDate, stay.checkOutDate) >= LONG_STAY_NIGHTS;
  return long ? LONG_STAY : POLICIES[stay.cancellationPolicy];
}

/** The last instant of the grace period, or null if the booking was confirmed too late to have one, or is not confirmed. */
export function graceUntil(stay: BookedStay, confirmedAt: Date | null): Date | null {
  if (confirmedAt === null || confirmedAt > deadline(stay, GRACE_NOTICE)) return null;
  return addHours(confirmedAt, GRACE_HOURS);
}

export interface DatedTier {
  /** The last instant of the tier; null: without end. */
  until: Date | null;
  tier: RefundTier;
}

/** The tiers of a cancellation by the guest, best first, including the grace period. The first that has not expired applies. */
export function datedTiers(stay: BookedStay, confirmedAt: Date | null): DatedTier[] {
  const grace = graceUntil(stay, confirmedAt);
  const rules = rulesOf(stay);
  return [
    ...(grace === null ? [] : [{ until: grace, tier: NOTHING_RETAINED }]),
    ...rules.tiers.map(({ notice, tier }) => ({ until: deadline(stay, notice), tier })),
    { until: null, tier: rules.otherwise },
  ];
}

export function tierAt(tiers: readonly DatedTier[], at: Date): RefundTier {
  return tiers.find(({ until }) => until === null || at <= until)?.tier ?? ALL_RETAINED;
}
