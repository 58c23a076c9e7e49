import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { IcalTime } from './ical-time.js';

/** Limits of the cost of one rule: feeds are untrusted. */
export const MAX_OCCURRENCES = 1_200;
const MAX_RULE_LENGTH = 500;

/** Most rules need few steps, a rule that rarely matches a date many. A step is a date that the library looks at. */
const STEPS = [500, 10_000];
/** The limit of the cost of all rules of a feed. */
const MAX_STEPS = 1_000_000;

const FREQUENCIES = new Set(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']);
/** Nights do not depend on the time of day, and rules with a time have many more occurrences. */
const IGNORED_PARTS = /^(BYHOUR|BYMINUTE|BYSECOND)$/;

/** Half-open. */
export interface Window {
  from: Temporal.PlainDate;
  to: Temporal.PlainDate;
}

/** Expands the rules of one feed. */
export class RuleExpander {
  private steps = 0;

  /** The rules of the feed cost more than a feed may. */
  get isExhausted(): boolean {
    return this.steps > MAX_STEPS;
  }

  /** The starts of a rule, in order, at most `MAX_OCCURRENCES`; null for an invalid rule and for one that costs too much. */
  expand(rule: string, start: IcalTime, window: Window): IcalTime[] | null {
    const cleaned = clean(rule);
    if (cleaned === null) return null;
    const first = start.kind === 'day' ? start.day.toZonedDateTime('UTC') : start.time;
    for (const steps of STEPS) {
      const recurring = parse(cleaned, first, steps);
      if (!recurring || this.isExhausted) return null;
      this.steps += steps;
      const times = between(recurring, first.timeZoneId, window);
      if (times) {
        return times.map((time) =>
          start.kind === 'day' ? { kind: 'day', day: time.toPlainDate() } : { kind: 'time', time },
        );
      }
    }
    return null;
  }
}

type Rule = RRuleTemporal<Temporal.ZonedDateTime>;

/** Null for an invalid rule. */
function parse(rule: string, first: Temporal.ZonedDateTime, steps: number): Rule | null {
  try {
    return new RRuleTemporal({
      rruleString: `DTSTART;TZID=${first.timeZoneId}:${compact(first)}\nRRULE:${rule}`,
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
function between(rule: Rule, zone: string, { from, to }: Window): Temporal.ZonedDateTime[] | null {
  const end = to.toZonedDateTime(zone);
  try {
    return rule
      .between(from.toZonedDateTime(zone), end, true)
      .filter((time) => Temporal.ZonedDateTime.compare(time, end) < 0)
      .slice(0, MAX_OCCURRENCES);
  } catch {
    return null;
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
