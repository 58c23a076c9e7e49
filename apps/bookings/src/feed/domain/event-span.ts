import { compareDates } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import { BUSY_STATUS, type IcalEvent, propertyOf } from './ical-file.js';
import { asDay, type IcalTime, later, lengthBetween, readDuration, type Times } from './ical-time.js';

/** The start and the length of an event. */
export interface Span {
  start: IcalTime;
  /** The length in calendar days. */
  days: number;
  /** The end of an occurrence that starts at this time. */
  endOf(start: IcalTime): IcalTime;
  /** False if the end can't be read, so that only the first night is certain. */
  isCertain: boolean;
}

/** Why an event has no span. */
export type NoSpan = 'cancelled' | 'transparent' | 'no_length' | 'unreadable_date';

const ONE_DAY = Temporal.Duration.from({ days: 1 });

export function spanOf(event: IcalEvent, times: Times): Span | NoSpan {
  const valueOf = (name: string) => propertyOf(event, name)?.value.trim().toUpperCase();
  if (valueOf('STATUS') === 'CANCELLED') return 'cancelled';
  const isFree = BUSY_STATUS.some((name) => valueOf(name) === 'FREE');
  if (isFree || valueOf('TRANSP') === 'TRANSPARENT') return 'transparent';
  const [startsAt, endsAt, lasts] = ['DTSTART', 'DTEND', 'DURATION'].map((name) => propertyOf(event, name));
  const start = startsAt && times.read(startsAt);
  const end = endsAt && times.read(endsAt);
  if (!start) return 'unreadable_date';
  if (end) return spanUntil(start, end, times);
  const duration = lasts && readDuration(lasts.value);
  if (duration && duration.sign >= 0) return spanOfLength(start, duration, times);
  return !endsAt && !lasts ? spanOfLength(start, ONE_DAY, times) : firstNight(start, times);
}

/** The end can't be read, or is before the start as a date of the year 1 is. */
function firstNight(start: IcalTime, times: Times): Span | 'no_length' {
  const span = spanOfLength(start, ONE_DAY, times);
  return typeof span === 'string' ? span : { ...span, isCertain: false };
}

function isBefore(end: IcalTime, start: IcalTime, times: Times): boolean {
  if (end.kind === 'time' && start.kind === 'time')
    return Temporal.Instant.compare(end.instant, start.instant) < 0;
  return compareDates(times.localDate(end), times.localDate(start)) < 0;
}

function spanUntil(start: IcalTime, end: IcalTime, times: Times): Span | 'no_length' {
  if (isBefore(end, start, times)) return firstNight(start, times);
  const [first, last] = [times.localDate(start), times.localDate(end)];
  // Many exporters write one day as an end at its start.
  if (start.kind === 'day' && end.kind === 'day' && first === last)
    return spanOfLength(start, ONE_DAY, times);
  if (compareDates(first, last) >= 0) return 'no_length';
  const length = lengthBetween(start, end);
  return {
    start,
    days: asDay(start).until(asDay(end), { largestUnit: 'day' }).days,
    endOf: (from) => (from === start ? end : later(from, length)),
    isCertain: true,
  };
}

function spanOfLength(start: IcalTime, length: Temporal.Duration, times: Times): Span | 'no_length' {
  const endOf = (from: IcalTime) => later(from, length);
  if (compareDates(times.localDate(start), times.localDate(endOf(start))) >= 0) return 'no_length';
  return { start, days: asDay(start).until(asDay(endOf(start))).days, endOf, isCertain: true };
}
