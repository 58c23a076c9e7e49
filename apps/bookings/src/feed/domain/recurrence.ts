import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { parseDateTime, timeOn } from './local-time.js';
import { COST, type ReadBudget } from './read-budget.js';

/** Limits of the cost of one rule: feeds are untrusted. */
export const MAX_OCCURRENCES = 4_000;
const MAX_RULE_LENGTH = 500;

/** Most rules need few steps, a rule that rarely matches a date many. A step is a date that the library looks at. */
const STEPS = [80, 500, 1_500];
/** For rules that are simple, as those of time zones are. */
export const ONLY_FEW_STEPS: readonly number[] = [80, 500];
/** The library does not yield, so a long window is divided. */
const MAX_WINDOW_DAYS = 400;

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
  constructor(private readonly budget: ReadBudget) {}

  /** As `expand`, for a long window. */
  async expandInParts(
    rule: string,
    start: Temporal.PlainDateTime,
    window: Window,
  ): Promise<Temporal.PlainDateTime[] | null> {
    const found: Temporal.PlainDateTime[] = [];
    for (const part of /COUNT/i.test(rule) ? [window] : partsOf(window)) {
      const starts = await this.expand(rule, start, part);
      if (!starts) return null;
      found.push(...starts);
    }
    return found.slice(0, MAX_OCCURRENCES);
  }

  /**
   * The starts of a rule in its local time, in order, at most `MAX_OCCURRENCES`. Null for an invalid rule and for one that
   * costs too much.
   */
  async expand(
    rule: string,
    start: Temporal.PlainDateTime,
    window: Window,
    limits: readonly number[] = STEPS,
  ): Promise<Temporal.PlainDateTime[] | null> {
    const cleaned = clean(rule, start, window);
    if (cleaned === null) return null;
    for (const steps of limits) {
      const recurring = parse(cleaned, start, steps);
      if (!recurring || this.budget.isExhausted) return null;
      this.budget.charge(steps * COST.ruleStep);
      await this.budget.rest();
      const times = between(recurring, window);
      if (times) return times.map((time) => time.toPlainDateTime());
    }
    return null;
  }
}

function* partsOf(window: Window): Generator<Window> {
  for (let { from } = window; Temporal.PlainDate.compare(from, window.to) < 0;) {
    const next = from.add({ days: MAX_WINDOW_DAYS });
    const isLast = Temporal.PlainDate.compare(next, window.to) >= 0;
    yield { ...window, from, to: isLast ? window.to : next };
    from = next;
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
