import { type IsoDate, addDays, addMonths, localDate, localTime, nightCount, weekday } from '@roost/stay';
import { countedGuests, sameGuests } from './guests.js';
import { shortestCovering } from './ranges.js';
import type { Guests, StayRules } from './rules.js';

export type StayRuleName =
  | 'min_nights'
  | 'max_nights'
  | 'advance_notice'
  | 'booking_window'
  | 'check_in_weekday'
  | 'check_out_weekday'
  | 'capacity'
  | 'pets';

export interface StayRefusal {
  rule: StayRuleName;
  /**
   * The limit that the stay does not meet: a number of nights, days of notice, guests or pets; the cut-off time (`HH:MM`)
   * of a check-in today; the last check-in date of the booking window; weekdays joined by commas.
   */
  required?: number | string;
}

export interface StayToCheck {
  rules: StayRules;
  /** Adults + children. */
  capacity: number;
  maxPets: number;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  guests: Guests;
  timeZone: string;
  now: Date;
}

/** The minimum nights of a stay from this check-in date: date override, else weekday of check-in, else default. */
export function minNightsOn(rules: StayRules, checkInDate: IsoDate): number {
  return (
    shortestCovering(rules.minNightsOverrides, checkInDate)?.minNights ??
    rules.minNightsByWeekday[weekday(checkInDate)] ??
    rules.minNights
  );
}

type Part = 'checkInDate' | 'checkOutDate' | 'guests';

interface Rule {
  /** The parts of the stay that the rule depends on. */
  dependsOn: readonly Part[];
  check(stay: StayToCheck): StayRefusal | null;
}

const DATES = ['checkInDate', 'checkOutDate'] as const;

/** In the order in which they are checked: the first broken rule is reported. */
const RULES: readonly Rule[] = [
  {
    dependsOn: DATES,
    check: ({ rules, checkInDate, checkOutDate }) => {
      const required = minNightsOn(rules, checkInDate);
      return nightCount(checkInDate, checkOutDate) < required ? { rule: 'min_nights', required } : null;
    },
  },
  {
    dependsOn: DATES,
    check: ({ rules: { maxNights }, checkInDate, checkOutDate }) =>
      nightCount(checkInDate, checkOutDate) > maxNights ? { rule: 'max_nights', required: maxNights } : null,
  },
  {
    dependsOn: ['checkInDate'],
    check: ({ rules, checkInDate, timeZone, now }) => {
      const today = localDate(now, timeZone);
      if (checkInDate < addDays(today, rules.advanceNoticeDays))
        return { rule: 'advance_notice', required: rules.advanceNoticeDays };
      return checkInDate === today && localTime(now, timeZone) >= rules.sameDayCutOff
        ? { rule: 'advance_notice', required: rules.sameDayCutOff }
        : null;
    },
  },
  {
    dependsOn: ['checkInDate'],
    check: ({ rules, checkInDate, timeZone, now }) => {
      const required = addMonths(localDate(now, timeZone), rules.bookingWindowMonths);
      return checkInDate > required ? { rule: 'booking_window', required } : null;
    },
  },
  {
    dependsOn: ['checkInDate'],
    check: ({ rules: { checkInWeekdays: days }, checkInDate }) =>
      days !== null && !days.includes(weekday(checkInDate))
        ? { rule: 'check_in_weekday', required: days.join(',') }
        : null,
  },
  {
    dependsOn: ['checkOutDate'],
    check: ({ rules: { checkOutWeekdays: days }, checkOutDate }) =>
      days !== null && !days.includes(weekday(checkOutDate))
        ? { rule: 'check_out_weekday', required: days.join(',') }
        : null,
  },
  {
    dependsOn: ['guests'],
    check: ({ capacity, guests }) =>
      countedGuests(guests) > capacity ? { rule: 'capacity', required: capacity } : null,
  },
  {
    dependsOn: ['guests'],
    check: ({ maxPets, guests }) => (guests.pets > maxPets ? { rule: 'pets', required: maxPets } : null),
  },
];

const firstBroken = (rules: readonly Rule[], stay: StayToCheck): StayRefusal | null => {
  for (const { check } of rules) {
    const refusal = check(stay);
    if (refusal) return refusal;
  }
  return null;
};

/**
 * The first rule that a stay breaks, or null. Requires a check-out after the check-in; the caller has rejected a check-in in
 * the past as invalid.
 */
export function checkStay(stay: StayToCheck): StayRefusal | null {
  return firstBroken(RULES, stay);
}

/**
 * The first rule that a changed stay breaks, of the rules that depend on a changed part. Unchanged parts stay valid, even if
 * the host has changed the rules since.
 */
export function checkChangedStay(
  stay: StayToCheck,
  before: Pick<StayToCheck, 'checkInDate' | 'checkOutDate' | 'guests'>,
): StayRefusal | null {
  const changed: Record<Part, boolean> = {
    checkInDate: stay.checkInDate !== before.checkInDate,
    checkOutDate: stay.checkOutDate !== before.checkOutDate,
    guests: !sameGuests(stay.guests, before.guests),
  };
  return firstBroken(
    RULES.filter(({ dependsOn }) => dependsOn.some((part) => changed[part])),
    stay,
  );
}
