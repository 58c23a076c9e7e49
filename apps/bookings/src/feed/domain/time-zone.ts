import { isTimeZone } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import { findIana } from 'windows-iana';

/** The relation of local times and instants. */
export interface TimeZone {
  /** UTC or an offset from it: programs that write their times so have converted them from a local time. */
  isOffset: boolean;
  /** A local time that a clock change skips or repeats is resolved as `compatible` does. */
  instantOf(local: Temporal.PlainDateTime): Temporal.Instant;
  localOf(instant: Temporal.Instant): Temporal.PlainDateTime;
}

/** A zone of the platform: an IANA name or an offset from UTC. */
export const platformZone = (name: string): TimeZone => ({
  isOffset: /^(UTC|Etc\/.*|[+-].*)$/i.test(name),
  instantOf: (local) => local.toZonedDateTime(name).toInstant(),
  localOf: (instant) => instant.toZonedDateTimeISO(name).toPlainDateTime(),
});

const OFFSET = /^\(?(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?\)?(?:$|[\s)])/i;

/** `Europe/Lisbon` in a feed's name of a time zone, with or without a path before it. */
export function areaZoneNamed(text: string): string | null {
  return candidatesIn(text).find((name) => name.includes('/') && isTimeZone(name)) ?? null;
}

/** The IANA name of a feed's time zone: an IANA name, with or without a path, a Windows name, or an offset from UTC. */
export function zoneNamed(text: string): string | null {
  const [name = ''] = candidatesIn(text);
  const known = [...candidatesIn(text), findIana(name)[0] ?? ''].find(isTimeZone);
  if (known !== undefined) return known;
  const [, sign, hours, minutes = '00'] = OFFSET.exec(name) ?? [];
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59) return null;
  // Etc/GMT zones have the opposite sign, and exist for whole hours only.
  const etc = `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`;
  return Number(minutes) === 0 && isTimeZone(etc) ? etc : `${sign}${hours.padStart(2, '0')}:${minutes}`;
}

/** The whole name, and the ends of a path. */
function candidatesIn(text: string): string[] {
  const name = text.replaceAll('"', '').trim();
  if (name === '' || name.length > 200) return [];
  const path = name.split('/').filter((part) => part !== '');
  return [name, path.slice(-3).join('/'), path.slice(-2).join('/'), path.at(-1) ?? ''];
}
