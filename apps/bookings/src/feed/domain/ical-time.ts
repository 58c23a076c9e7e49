import { isTimeZone, type IsoDate } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import { findIana } from 'windows-iana';
import type { IcalFile, Property } from './ical-file.js';

/** A whole day, or a time in a time zone. */
export type IcalTime =
  { kind: 'day'; day: Temporal.PlainDate } | { kind: 'time'; time: Temporal.ZonedDateTime };

/** Parses the times of a feed. */
export class Times {
  constructor(
    private readonly file: Pick<IcalFile, 'timeZone' | 'zoneNames'>,
    /** The zone of the listing, for times without a zone. */
    private readonly listingZone: string,
  ) {}

  /** The date in the listing's zone: nights are from the local date of the start to that of the end. */
  localDate(time: IcalTime): IsoDate {
    const day = time.kind === 'day' ? time.day : time.time.withTimeZone(this.listingZone).toPlainDate();
    return day.toString();
  }

  /** Null for a time that does not exist. A year outside of 1900 to 2200 means "since ever" or "until further notice". */
  read({ value, params }: Property): IcalTime | null {
    const parts = DATE_TIME.exec(value.trim());
    if (!parts) return null;
    const [, year, month, day, hour, minute, second = '00', utc] = parts;
    try {
      const date = withinYears(Temporal.PlainDate.from(`${year}-${month}-${day}`, { overflow: 'reject' }));
      if (hour === undefined) return { kind: 'day', day: date };
      const zone = utc === undefined ? this.zoneOf(params.get('TZID')) : offsetOf(utc);
      return { kind: 'time', time: timeOn(date, `${hour}:${minute}:${second}`).toZonedDateTime(zone) };
    } catch {
      return null; // For example 31 February.
    }
  }

  private zoneOf(zoneId: string | undefined): string {
    const named = zoneId === undefined ? null : zoneNamed(this.file.zoneNames.get(zoneId) ?? zoneId);
    return named ?? zoneNamed(this.file.timeZone ?? '') ?? this.listingZone;
  }
}

const EARLIEST_YEAR = 1900;
const LATEST_YEAR = 2200;
/** `20270401`, `20270401T150000Z`, `2027-04-01T15:00:00.000+0200`, each also with a path after it. */
const DATE_TIME =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?(?:\/.*)?$/i;

const offsetOf = (utc: string): string =>
  utc.toUpperCase() === 'Z' ? 'UTC' : `${utc.slice(0, 3)}:${utc.slice(-2)}`;

function withinYears(date: Temporal.PlainDate): Temporal.PlainDate {
  if (date.year < EARLIEST_YEAR) return Temporal.PlainDate.from({ year: EARLIEST_YEAR, month: 1, day: 1 });
  if (date.year > LATEST_YEAR) return Temporal.PlainDate.from({ year: LATEST_YEAR, month: 12, day: 31 });
  return date;
}

/** `24:00:00` is the midnight after; `60` is a leap second. */
function timeOn(date: Temporal.PlainDate, time: string): Temporal.PlainDateTime {
  if (time === '24:00:00') return date.add({ days: 1 }).toPlainDateTime();
  return date.toPlainDateTime(time.replace(/:60$/, ':59'));
}

const OFFSET = /^\(?(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?\)?(?:$|[\s)])/i;

/** The IANA name of a feed's time zone: an IANA name, with or without a path, a Windows name, or an offset from UTC. */
export function zoneNamed(text: string): string | null {
  const name = text.replaceAll('"', '').trim();
  if (name === '' || name.length > 200) return null;
  const path = name.split('/').filter((part) => part !== '');
  for (const candidate of [name, path.slice(-3).join('/'), path.slice(-2).join('/'), path.at(-1) ?? '']) {
    if (isTimeZone(candidate)) return candidate;
  }
  const windows = findIana(name)[0];
  if (windows !== undefined && isTimeZone(windows)) return windows;
  const [, sign, hours, minutes = '00'] = OFFSET.exec(name) ?? [];
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59) return null;
  // Etc/GMT zones have the opposite sign, and exist for whole hours only.
  const named = `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`;
  return Number(minutes) === 0 && isTimeZone(named) ? named : `${sign}${hours.padStart(2, '0')}:${minutes}`;
}

const DURATION =
  /^([+-])?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/i;

export function readDuration(text: string): Temporal.Duration | null {
  const parts = DURATION.exec(text.trim());
  if (!parts || !/\d/.test(text)) return null;
  const [weeks, days, hours, minutes, seconds] = parts.slice(2).map((part) => Number(part ?? 0));
  const length = Temporal.Duration.from({ weeks, days, hours, minutes, seconds });
  return parts[1] === '-' ? length.negated() : length;
}

export const asDay = (time: IcalTime): Temporal.PlainDate =>
  time.kind === 'day' ? time.day : time.time.toPlainDate();

/** Occurrences are identified by their day in the series' time zone: a series has at most one per day. */
export function dayOf(time: IcalTime, series: IcalTime): string {
  if (time.kind !== 'time' || series.kind !== 'time') return asDay(time).toString();
  return time.time.withTimeZone(series.time.timeZoneId).toPlainDate().toString();
}

export function later(time: IcalTime, length: Temporal.Duration): IcalTime {
  if (time.kind === 'time') return { kind: 'time', time: time.time.add(length) };
  return { kind: 'day', day: time.day.toPlainDateTime().add(length).toPlainDate() };
}
