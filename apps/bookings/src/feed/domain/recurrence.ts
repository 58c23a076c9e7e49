import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { IcalTime } from './ical-time.js';

/** Limits of the cost of a rule: feeds are untrusted. */
export const MAX_OCCURRENCES = 1_200;
const MAX_RULE_LENGTH = 500;
const MAX_ITERATIONS = 6_000;
const MAX_CANDIDATES = 10_000;

const FREQUENCIES = new Set(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']);
/** Nights do not depend on the time of day, and rules with a time have many more occurrences. */
const IGNORED_PARTS = /^(BYHOUR|BYMINUTE|BYSECOND)$/;

/** The starts of a rule in `[from, to)`, in order, at most `MAX_OCCURRENCES`; null for an invalid rule. */
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
      maxIterations: MAX_ITERATIONS,
      maxCandidateEvaluations: MAX_CANDIDATES,
    });
    const found: IcalTime[] = [];
    const end = to.toZonedDateTime(zone);
    for (const time of recurring.between(from.toZonedDateTime(zone), end, true)) {
      if (found.length === MAX_OCCURRENCES) break;
      if (Temporal.ZonedDateTime.compare(time, end) >= 0) break;
      found.push(start.kind === 'day' ? { kind: 'day', day: time.toPlainDate() } : { kind: 'time', time });
    }
    return found;
  } catch {
    return null; // The library throws for invalid rules and for rules that exceed the limits.
  }
}

const compact = (time: Temporal.ZonedDateTime): string =>
  time.toPlainDateTime().toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '');

function clean(rule: string): string | null {
  if (rule.length > MAX_RULE_LENGTH) return null;
  const parts = rule
    .toUpperCase()
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const used: string[] = [];
  for (const part of parts) {
    const [key = '', value = ''] = part.split('=');
    if (key === 'FREQ' && !FREQUENCIES.has(value)) return null;
    if (!IGNORED_PARTS.test(key)) used.push(`${key}=${value}`);
  }
  return used.some((part) => part.startsWith('FREQ=')) ? used.join(';') : null;
}
