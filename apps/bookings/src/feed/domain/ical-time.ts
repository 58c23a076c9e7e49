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

  /** Null for a time that does not exist. */
  read({ value, params }: Property): IcalTime | null {
    const parts = DATE_TIME.exec(value.trim());
    if (!parts) return null;
    const [, year, month, day, hour, minute, second = '00', utc] = parts;
    try {
      const date = Temporal.PlainDate.from(`${year}-${month}-${day}`, { overflow: 'reject' });
      if (date.year < EARLIEST_YEAR || date.year > LATEST_YEAR) return null;
      if (hour === undefined) return { kind: 'day', day: date };
      const zone = utc ? 'UTC' : this.zoneOf(params.get('TZID'));
      const time = date.toPlainDateTime(`${hour}:${minute}:${second === '60' ? '59' : second}`);
      return { kind: 'time', time: time.toZonedDateTime(zone, { disambiguation: 'compatible' }) };
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
const DATE_TIME = /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?$/i;
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
