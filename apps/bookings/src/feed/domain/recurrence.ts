import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { parseDateTime, timeOn } from './local-time.js';

/** Limits of the cost of one rule: feeds are untrusted. */
export const MAX_OCCURRENCES = 4_000;
const MAX_RULE_LENGTH = 500;

/** Most rules need few steps, a rule that rarely matches a date many. A step is a date that the library looks at. */
const FEW_STEPS = 500;
const STEPS = [FEW_STEPS, 10_000];
/** For rules that are simple, as those of time zones are. */
export const ONLY_FEW_STEPS: readonly number[] = [FEW_STEPS];
/** The limit of the cost of all rules of a feed. */
const MAX_STEPS = 1_000_000;

const FREQUENCIES = new Set(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']);
/** Nights do not depend on the time of day, and rules with a time have many more occurrences. X- parts have no meaning. */
const IGNORED_PARTS = /^(BYHOUR|BYMINUTE|BYSECOND|X-[^=]*)=/;
const POSITIVE = /^[1-9]\d*$/;
const WEEKDAY = /^(MO|TU|WE|TH|FR|SA|SU)$/;
const WEEKDAY_WITH_NUMBER = /^([+-]?([1-9]|[1-4]\d|5[0-3]))?(MO|TU|WE|TH|FR|SA|SU)$/;

type IsValid = (value: string) => boolean;
const matches =
  (pattern: RegExp): IsValid =>
  (value) =>
    pattern.test(value);
const list =
  (isValid: IsValid): IsValid =>
  (value) =>
    value.split(',').every(isValid);
/** A number from the start, or negative from the end. */
const upTo =
  (most: number): IsValid =>
  (value) =>
    /^[+-]?\d{1,3}$/.test(value) && Number(value) !== 0 && Math.abs(Number(value)) <= most;

/**
 * The parts of RFC 5545. RSCALE and SKIP of RFC 7529 belong to other calendars, which are very costly to compute: a rule
 * with a SKIP or another RSCALE than Gregorian is not read.
 */
const PARTS: ReadonlyMap<string, IsValid> = new Map([
  ['FREQ', (value: string) => FREQUENCIES.has(value)],
  ['INTERVAL', matches(POSITIVE)],
  ['COUNT', matches(POSITIVE)],
  ['BYDAY', list(matches(WEEKDAY_WITH_NUMBER))],
  ['BYMONTH', list((value) => POSITIVE.test(value) && Number(value) <= 12)],
  ['BYMONTHDAY', list(upTo(31))],
  ['BYYEARDAY', list(upTo(366))],
  ['BYWEEKNO', list(upTo(53))],
  ['BYSETPOS', list(upTo(366))],
  ['WKST', matches(WEEKDAY)],
  ['RSCALE', (value: string) => value === 'GREGORIAN'],
]);

export interface Window {
  /** Half-open. */
  from: Temporal.PlainDate;
  to: Temporal.PlainDate;
  /** The local time of the series for an end of a rule in UTC. */
  localOf(utc: Temporal.Instant): Temporal.PlainDateTime;
}

/** Expands the rules of one feed. */
export class RuleExpander {
  /** The steps of all rules so far. */
  cost = 0;

  /** The rules of the feed cost more than a feed may. */
  get isExhausted(): boolean {
    return this.cost > MAX_STEPS;
  }

  /**
   * The starts of a rule in its local time, in order, at most `MAX_OCCURRENCES`. Null for an invalid rule and for one that
   * costs too much.
   */
  expand(
    rule: string,
    start: Temporal.PlainDateTime,
    window: Window,
    limits: readonly number[] = STEPS,
  ): Temporal.PlainDateTime[] | null {
    const cleaned = clean(rule, start, window);
    if (cleaned === null) return null;
    for (const steps of limits) {
      const recurring = parse(cleaned, start, steps);
      if (!recurring || this.isExhausted) return null;
      this.cost += steps;
      const times = between(recurring, window);
      if (times) return times.map((time) => time.toPlainDateTime());
    }
    return null;
  }
}

type Rule = RRuleTemporal<Temporal.ZonedDateTime>;

/** Null for an invalid rule. */
function parse(rule: string, start: Temporal.PlainDateTime, steps: number): Rule | null {
  try {
    return new RRuleTemporal({
      rruleString: `DTSTART;TZID=${LOCAL}:${compact(start)}\nRRULE:${rule}`,
      temporal: Temporal,
      includeDtstart: true,
      cache: false,
      maxIterations: steps,
      maxCandidateEvaluations: steps,
    });
  } catch {
    return null;
  }
}

/** Null for a rule that needs more steps than it has. */
function between(rule: Rule, { from, to }: Window): Temporal.ZonedDateTime[] | null {
  const end = to.toZonedDateTime(LOCAL);
  try {
    return rule
      .between(from.toZonedDateTime(LOCAL), end, true)
      .filter((time) => Temporal.ZonedDateTime.compare(time, end) < 0)
      .slice(0, MAX_OCCURRENCES);
  } catch {
    return null;
  }
}

/** Local times of any zone, for the library: rules follow the clock of the series. */
const LOCAL = 'UTC';

const compact = (time: Temporal.PlainDateTime): string =>
  time.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '');

/** The parts of a rule that the library may get, and null for a rule that RFC 5545 does not allow. */
function clean(rule: string, start: Temporal.PlainDateTime, window: Window): string | null {
  if (rule.length > MAX_RULE_LENGTH) return null;
  const parts = rule
    .toUpperCase()
    .replaceAll(/\s/g, '')
    .split(';')
    .filter((part) => part !== '' && !IGNORED_PARTS.test(part));
  const used: string[] = [];
  for (const part of parts) {
    const [key = '', value = ''] = part.split('=');
    if (key === 'UNTIL') {
      const end = readEnd(value, start, window);
      if (end === null) return null;
      used.push(`UNTIL=${end}`);
    } else {
      if (PARTS.get(key)?.(value) !== true) return null;
      if (key !== 'RSCALE') used.push(`${key}=${value}`);
    }
  }
  return used.some((part) => part.startsWith('FREQ=')) ? used.join(';') : null;
}

/** The last start of a rule as a local time of the series, or as a day. Null if it is before the first start. */
function readEnd(value: string, start: Temporal.PlainDateTime, { localOf }: Window): string | null {
  const parsed = parseDateTime(value);
  const read = parsed && timeOn(parsed.date, parsed.time ?? '23:59:59');
  if (!read) return null;
  const { time, offset } = parsed;
  const local = offset === null ? read : localOf(read.toZonedDateTime(offset).toInstant());
  if (Temporal.PlainDateTime.compare(local, start) < 0) return null;
  return time === null ? compact(local).slice(0, 8) : `${compact(local)}Z`;
}
