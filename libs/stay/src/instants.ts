import { Temporal } from 'temporal-polyfill';
import type { IsoDate } from './dates.js';
import { memoize } from './memoize.js';

const LOCAL_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

function zoned(instant: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
}

/** Whether the value is a time of day `HH:MM`, `00:00` to `23:59`. */
export function isLocalTime(value: unknown): value is string {
  return typeof value === 'string' && LOCAL_TIME.test(value);
}

/** Whether the value is a name of the IANA time zone database; fixed offsets such as `+02:00` are not. */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 64 || !/^[A-Za-z]/.test(value)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(value);
    return true;
  } catch {
    return false;
  }
}

const epochMilliseconds = memoize(4_096, (date: IsoDate, time: string, timeZone: string): number => {
  if (!isLocalTime(time)) throw new RangeError('A local time must have the format HH:MM');
  const local = Temporal.PlainDate.from(date, { overflow: 'reject' }).toPlainDateTime(time);
  return local.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
});

/**
 * The instant of a local date and `HH:MM`. A time that a clock change skips is moved forward by the gap; a time that occurs
 * twice is the first one (Temporal's `compatible`).
 */
export function localInstant(date: IsoDate, time: string, timeZone: string): Date {
  return new Date(epochMilliseconds(date, time, timeZone));
}

export function localDate(instant: Date, timeZone: string): IsoDate {
  return zoned(instant, timeZone).toPlainDate().toString();
}

/** `HH:MM` in the time zone. */
export function localTime(instant: Date, timeZone: string): string {
  return zoned(instant, timeZone).toPlainTime().toString({ smallestUnit: 'minute', roundingMode: 'floor' });
}

function add(instant: Date, duration: Temporal.DurationLike): Date {
  const result = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).add(duration);
  return new Date(result.epochMilliseconds);
}

/** Adds absolute hours, independent of clock changes. */
export function addHours(instant: Date, hours: number): Date {
  return add(instant, { hours });
}

export function addMinutes(instant: Date, minutes: number): Date {
  return add(instant, { minutes });
}

export function addSeconds(instant: Date, seconds: number): Date {
  return add(instant, { seconds });
}

export function addMilliseconds(instant: Date, milliseconds: number): Date {
  return add(instant, { milliseconds });
}

/** Adds an ISO 8601 duration such as `P3D` or `PT15M`; days and months are calendar units of the time zone. */
export function addDuration(instant: Date, duration: string, timeZone = 'UTC'): Date {
  return new Date(zoned(instant, timeZone).add(Temporal.Duration.from(duration)).epochMilliseconds);
}
