import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { IcalTime } from './ical-time.js';

/** What a rule may cost: a feed is a stranger's. */
export const MOST_OCCURRENCES = 1_200;
const LONGEST_RULE = 500;
const MOST_ITERATIONS = 6_000;
const MOST_CANDIDATES = 10_000;

const BY_DAYS = new Set(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']);
/** Nights don't tell the time of day, and rules that name it multiply. */
const DROPPED = /^(BYHOUR|BYMINUTE|BYSECOND)$/;

/** The starts that a rule gives in `[from, to)`, in order, at most as many as are allowed; null for a rule that can't be read. */
export function occurrences(
  rule: string,
  start: IcalTime,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
): IcalTime[] | null {
  const cleaned = clean(rule);
  if (cleaned === null) return null;
  const first = start.kind === 'day' ? start.day.toZonedDateTime('UTC') : start.time;
  const zone = first.timeZoneId;
  try {
    const recurring = new RRuleTemporal({
      rruleString: `DTSTART;TZID=${zone}:${compact(first)}\nRRULE:${cleaned}`,
      temporal: Temporal,
      includeDtstart: true,
      cache: false,
      maxIterations: MOST_ITERATIONS,
      maxCandidateEvaluations: MOST_CANDIDATES,
    });
    const found: IcalTime[] = [];
    const end = to.toZonedDateTime(zone);
    for (const time of recurring.between(from.toZonedDateTime(zone), end, true)) {
      if (found.length === MOST_OCCURRENCES) break;
      if (Temporal.ZonedDateTime.compare(time, end) >= 0) break;
      found.push(start.kind === 'day' ? { kind: 'day', day: time.toPlainDate() } : { kind: 'time', time });
    }
    return found;
  } catch {
    return null; // The library refuses what it can't read, and what takes too long.
  }
}

const compact = (time: Temporal.ZonedDateTime): string =>
  time.toPlainDateTime().toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '');

function clean(rule: string): string | null {
  if (rule.length > LONGEST_RULE) return null;
  const parts = rule
    .toUpperCase()
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const kept: string[] = [];
  for (const part of parts) {
    const [key = '', value = ''] = part.split('=');
    if (key === 'FREQ' && !BY_DAYS.has(value)) return null;
    if (!DROPPED.test(key)) kept.push(`${key}=${value}`);
  }
  return kept.some((part) => part.startsWith('FREQ=')) ? kept.join(';') : null;
}
