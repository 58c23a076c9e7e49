import { Temporal } from 'temporal-polyfill';
import { memoize } from './memoize.js';

/** A calendar date of a property, `YYYY-MM-DD`. */
export type IsoDate = string;

/** Half-open: `to` is the first date after the range. */
export interface DateRange {
  from: IsoDate;
  to: IsoDate;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** `nights` rejects longer ranges, so that no input makes it allocate without bound. */
export const MAX_NIGHTS = 3_660;

const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

const parse = memoize(4_096, (date: IsoDate): Temporal.PlainDate => {
  if (!ISO_DATE.test(date)) throw new RangeError('A date must have the format YYYY-MM-DD');
  return Temporal.PlainDate.from(date, { overflow: 'reject' });
});

function format(date: Temporal.PlainDate): IsoDate {
  if (date.year < 1 || date.year > 9999) throw new RangeError('The date is out of range');
  return date.toString();
}

/** Whether the value is an existing date: true for 2028-02-29, false for 2028-02-31 and 2028-2-1. */
export function isRealDate(value: unknown): value is IsoDate {
  if (typeof value !== 'string' || !ISO_DATE.test(value) || value.startsWith('0000')) return false;
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return format(parse(date).add({ days }));
}

/** The same day of a later month, or the last day of that month if it is shorter. */
export function addMonths(date: IsoDate, months: number): IsoDate {
  return format(parse(date).add({ months }));
}

/** Negative if `a` is earlier, 0 if equal, positive if later. */
export function compareDates(a: IsoDate, b: IsoDate): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The number of nights between check-in and check-out date; negative if they are reversed. */
export function nightCount(checkInDate: IsoDate, checkOutDate: IsoDate): number {
  return parse(checkInDate).until(parse(checkOutDate), { largestUnit: 'day' }).days;
}

/** The dates of `[checkInDate, checkOutDate)`, in order; empty if they are equal or reversed. Throws a RangeError above MAX_NIGHTS. */
export function nights(checkInDate: IsoDate, checkOutDate: IsoDate): IsoDate[] {
  const count = nightCount(checkInDate, checkOutDate);
  if (count > MAX_NIGHTS) throw new RangeError(`More than ${MAX_NIGHTS} nights`);
  const first = parse(checkInDate);
  return Array.from({ length: Math.max(0, count) }, (_, days) => format(first.add({ days })));
}

export function weekday(date: IsoDate): Weekday {
  const name = WEEKDAYS[parse(date).dayOfWeek - 1];
  if (name === undefined) throw new RangeError('The date has no weekday');
  return name;
}

export function rangesOverlap(a: DateRange, b: DateRange): boolean {
  return a.from < b.to && b.from < a.to && a.from < a.to && b.from < b.to;
}

/** The same dates as the fewest ranges, in order: joins overlapping and adjacent ranges, and removes empty ones. */
export function mergeRanges(ranges: readonly DateRange[]): DateRange[] {
  const merged: DateRange[] = [];
  for (const range of ranges
    .filter(({ from, to }) => from < to)
    .toSorted((a, b) => compareDates(a.from, b.from))) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to) merged.push({ from: range.from, to: range.to });
    else if (range.to > last.to) last.to = range.to;
  }
  return merged;
}
