import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { parseDateTime, readLocal } from './local-time.js';

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
/** Nights do not depend on the time of day, and rules with a time have many more occurrences. */
const IGNORED_PARTS = /^(BYHOUR|BYMINUTE|BYSECOND)$/;

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
    const cleaned = clean(rule, window);
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

function clean(rule: string, window: Window): string | null {
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
    if (key === 'UNTIL') used.push(`UNTIL=${localEnd(value, window)}`);
    else if (!IGNORED_PARTS.test(key)) used.push(`${key}=${value}`);
  }
  return used.some((part) => part.startsWith('FREQ=')) ? used.join(';') : null;
}

/** The last start of a rule: an instant in UTC becomes a local time. */
function localEnd(value: string, { localOf }: Window): string {
  const local = parseDateTime(value)?.offset === 'UTC' ? readLocal(value) : null;
  return local ? `${compact(localOf(local.toZonedDateTime('UTC').toInstant()))}Z` : value;
}
