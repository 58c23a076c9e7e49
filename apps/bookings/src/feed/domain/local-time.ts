import { Temporal } from 'temporal-polyfill';

/** `20270401`, `20270401T150000Z`, `2027-04-01T15:00:00.000+0200`, each also with a path after it. */
const DATE_TIME =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?(?:\/.*)?$/i;

export interface DateAndTime {
  date: Temporal.PlainDate;
  /** Null for a whole day. */
  time: string | null;
  /** `UTC` or an offset from it; null for a local time. */
  offset: string | null;
}

/** Null for a date or an offset that does not exist. */
export function parseDateTime(text: string): DateAndTime | null {
  const parts = DATE_TIME.exec(text.trim());
  if (!parts) return null;
  const [, year, month, day, hour, minute, second = '00', utc] = parts;
  const offset = utc === undefined ? null : offsetOf(utc);
  if (offset === 'unreadable') return null;
  try {
    const date = Temporal.PlainDate.from(`${year}-${month}-${day}`, { overflow: 'reject' });
    const time = hour === undefined ? null : `${hour}:${minute}:${second}`;
    return { date, time, offset };
  } catch {
    return null; // For example 31 February.
  }
}

/** Temporal throws for an offset of 24 hours or more. */
function offsetOf(utc: string): string | 'unreadable' {
  if (utc.toUpperCase() === 'Z') return 'UTC';
  const [hours, minutes] = [utc.slice(0, 3), utc.slice(-2)];
  return Math.abs(Number(hours)) < 24 && Number(minutes) < 60 ? `${hours}:${minutes}` : 'unreadable';
}

/** `24:00:00` is the midnight after; `60` is a leap second. Null for a time that does not exist. */
export function timeOn(date: Temporal.PlainDate, time: string): Temporal.PlainDateTime | null {
  if (time === '24:00:00') return date.add({ days: 1 }).toPlainDateTime();
  try {
    return date.toPlainDateTime(time.replace(/:60$/, ':59'));
  } catch {
    return null;
  }
}

/** A local time, whatever its zone; of a day its midnight. */
export function readLocal(text: string): Temporal.PlainDateTime | null {
  const parsed = parseDateTime(text);
  return parsed && timeOn(parsed.date, parsed.time ?? '00:00:00');
}
