import { Temporal } from 'temporal-polyfill';
import { remember } from './remember.js';

/** A calendar date of a property, `YYYY-MM-DD`. */
export type IsoDate = string;

/** Half-open: `to` is the first date not meant. */
export interface DateRange {
  from: IsoDate;
  to: IsoDate;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** `nights` refuses longer ranges, so that no input makes it allocate without end. */
export const MAX_NIGHTS = 3_660;

const SHAPE = /^\d{4}-\d{2}-\d{2}$/;

const plain = remember(4_096, (date: IsoDate): Temporal.PlainDate => {
  if (!SHAPE.test(date)) throw new RangeError('A date is written YYYY-MM-DD');
  return Temporal.PlainDate.from(date, { overflow: 'reject' });
});

function written(date: Temporal.PlainDate): IsoDate {
  if (date.year < 1 || date.year > 9999) throw new RangeError('The date is out of range');
  return date.toString();
}

/** True for a date that exists: 2028-02-29 does, 2028-02-31 and 2028-2-1 do not. */
export function isRealDate(value: unknown): value is IsoDate {
  if (typeof value !== 'string' || !SHAPE.test(value) || value.startsWith('0000')) return false;
  try {
    plain(value);
    return true;
  } catch {
    return false;
  }
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return written(plain(date).add({ days }));
}

/** The same day of a later month, or that month's last day where it is shorter. */
export function addMonths(date: IsoDate, months: number): IsoDate {
  return written(plain(date).add({ months }));
}

/** Negative where `a` is earlier, 0 where equal, positive where later. */
export function compareDates(a: IsoDate, b: IsoDate): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Nights between check-in and check-out date; negative where they are reversed. */
export function nightCount(checkInDate: IsoDate, checkOutDate: IsoDate): number {
  return plain(checkInDate).until(plain(checkOutDate), { largestUnit: 'day' }).days;
}

/** The dates of `[checkInDate, checkOutDate)`, in order; none where they are equal or reversed. */
export function nights(checkInDate: IsoDate, checkOutDate: IsoDate): IsoDate[] {
  const count = nightCount(checkInDate, checkOutDate);
  if (count > MAX_NIGHTS) throw new RangeError(`More than ${MAX_NIGHTS} nights`);
  const first = plain(checkInDate);
  return Array.from({ length: Math.max(0, count) }, (_, days) => written(first.add({ days })));
}

export function weekday(date: IsoDate): Weekday {
  const name = WEEKDAYS[plain(date).dayOfWeek - 1];
  if (name === undefined) throw new RangeError('The date has no weekday');
  return name;
}

export function rangesOverlap(a: DateRange, b: DateRange): boolean {
  return a.from < b.to && b.from < a.to && a.from < a.to && b.from < b.to;
}

/** The same dates as the fewest ranges, in order; touching ranges become one, empty ones vanish. */
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
