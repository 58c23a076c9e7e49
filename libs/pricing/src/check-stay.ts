import { type IsoDate, addDays, addMonths, localDate, localTime, nightCount, weekday } from '@roost/stay';
import { countedGuests } from './guests.js';
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
   * What would have been allowed: a number of nights, days of notice, guests or pets; the cut-off time
   * (`HH:MM`) of a check-in today; the last check-in date of the window; weekdays joined by commas.
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

/** The fewest nights of a stay that begins on the date: date override > weekday of check-in > default. */
export function minNightsOn(rules: StayRules, checkInDate: IsoDate): number {
  return (
    shortestCovering(rules.minNightsOverrides, checkInDate)?.minNights ??
    rules.minNightsByWeekday[weekday(checkInDate)] ??
    rules.minNights
  );
}

/**
 * The first rule that a stay breaks, or null. Takes dates in order (check-out after check-in); a check-in
 * that is past is refused as malformed before it gets here.
 */
export function checkStay(stay: StayToCheck): StayRefusal | null {
  const { rules, checkInDate, checkOutDate } = stay;
  const stayNights = nightCount(checkInDate, checkOutDate);

  const minNights = minNightsOn(rules, checkInDate);
  if (stayNights < minNights) return { rule: 'min_nights', required: minNights };
  if (stayNights > rules.maxNights) return { rule: 'max_nights', required: rules.maxNights };

  const today = localDate(stay.now, stay.timeZone);
  if (checkInDate < addDays(today, rules.advanceNoticeDays))
    return { rule: 'advance_notice', required: rules.advanceNoticeDays };
  if (checkInDate === today && localTime(stay.now, stay.timeZone) >= rules.sameDayCutOff)
    return { rule: 'advance_notice', required: rules.sameDayCutOff };
  const lastCheckIn = addMonths(today, rules.bookingWindowMonths);
  if (checkInDate > lastCheckIn) return { rule: 'booking_window', required: lastCheckIn };

  if (rules.checkInWeekdays !== null && !rules.checkInWeekdays.includes(weekday(checkInDate)))
    return { rule: 'check_in_weekday', required: rules.checkInWeekdays.join(',') };
  if (rules.checkOutWeekdays !== null && !rules.checkOutWeekdays.includes(weekday(checkOutDate)))
    return { rule: 'check_out_weekday', required: rules.checkOutWeekdays.join(',') };

  if (countedGuests(stay.guests) > stay.capacity) return { rule: 'capacity', required: stay.capacity };
  if (stay.guests.pets > stay.maxPets) return { rule: 'pets', required: stay.maxPets };
  return null;
}
