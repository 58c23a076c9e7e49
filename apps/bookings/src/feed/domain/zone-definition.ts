import { Temporal } from 'temporal-polyfill';
import { countUntil } from './binary-search.js';
import type { Property, ZoneInFile } from './ical-file.js';
import { readLocal } from './local-time.js';
import { COST, type ReadBudget } from './read-budget.js';
import { ONLY_FEW_STEPS, type RuleExpander } from './recurrence.js';
import type { TimeZone } from './time-zone.js';

/** A change of the offset from UTC, in milliseconds. */
interface Transition {
  at: number;
  before: number;
  after: number;
}

const MAX_OBSERVANCES = 60;
const MAX_DATES = 500;
const MAX_TRANSITIONS = 5_000;
/** Of rules without an end, changes of the clocks before this number of years before today are not needed. */
const YEARS_BEFORE = 2;
const YEARS_AFTER = 5;

/** The time zone of a definition by the rules of RFC 5545. Null if it is empty or a part of it can't be read. */
export async function definedZone(
  { observances }: ZoneInFile,
  today: Temporal.PlainDate,
  { rules, budget }: { rules: RuleExpander; budget: ReadBudget },
): Promise<TimeZone | null> {
  const transitions: Transition[] = [];
  for (const properties of observances.slice(0, MAX_OBSERVANCES)) {
    await budget.rest();
    const read = await transitionsOf(properties, today, rules);
    if (!read) return null;
    budget.charge(read.length * COST.transition);
    transitions.push(...read);
    if (transitions.length > MAX_TRANSITIONS) return null;
  }
  transitions.sort((one, other) => one.at - other.at);
  const [first] = transitions;
  if (!first) return null;
  /** The local times from which on a transition and no earlier one applies, in order. */
  const locals = transitions.map((each) => each.at + Math.max(each.before, each.after));
  for (let n = locals.length - 2; n >= 0; n -= 1) locals[n] = Math.min(locals[n] ?? 0, locals[n + 1] ?? 0);
  const instants = transitions.map((each) => each.at);
  const offset = (starts: readonly number[], time: number): number =>
    transitions[countUntil(starts, (start) => start <= time) - 1]?.after ?? first.before;
  return {
    isOffset: false,
    // A skipped or repeated time has the offset before the change.
    instantOf: (local) => {
      const time = asUtc(local);
      return at(time - offset(locals, time));
    },
    localOf: (instant) => {
      const time = instant.epochMilliseconds;
      return localAt(time + offset(instants, time));
    },
  };
}

async function transitionsOf(
  properties: readonly Property[],
  today: Temporal.PlainDate,
  rules: RuleExpander,
): Promise<Transition[] | null> {
  const values = (name: string) => properties.filter((each) => each.name === name).map(({ value }) => value);
  const start = readLocal(values('DTSTART')[0] ?? '');
  const after = readOffset(values('TZOFFSETTO')[0] ?? '');
  const before = readOffset(values('TZOFFSETFROM')[0] ?? '') ?? after;
  if (!start || after === null || before === null) return null;
  const onsets: (Temporal.PlainDateTime | null)[] = [];
  const localOf = (utc: Temporal.Instant) => localAt(utc.epochMilliseconds + before);
  for (const rule of values('RRULE')) {
    const first = isEndless(rule)
      ? start.with({ year: Math.max(start.year, today.year - YEARS_BEFORE) })
      : start;
    const window = { from: first.toPlainDate(), to: today.add({ years: YEARS_AFTER }), localOf };
    const found = await rules.expand(rule, first, window, ONLY_FEW_STEPS);
    if (!found) return null;
    onsets.push(...found);
  }
  if (onsets.length === 0) onsets.push(start);
  const dates = values('RDATE')
    .slice(0, MAX_DATES)
    .flatMap((list) => list.split(',', MAX_DATES));
  onsets.push(...dates.slice(0, MAX_DATES).map(readLocal));
  const changes = onsets.map((onset) => onset && { at: asUtc(onset) - before, before, after });
  return changes.every((change) => change !== null) ? changes : null;
}

const isEndless = (rule: string): boolean => /FREQ=YEARLY/i.test(rule) && !/UNTIL|COUNT|INTERVAL/i.test(rule);

const MINUTE = 60_000;
const OFFSET = /^([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?$/;

/** `+0900`, in milliseconds. */
function readOffset(text: string): number | null {
  const [, sign, hours, minutes, seconds = '0'] = OFFSET.exec(text.trim()) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const length = (Number(hours) * 60 + Number(minutes)) * MINUTE + Number(seconds) * 1_000;
  return sign === '-' ? -length : length;
}

const asUtc = (local: Temporal.PlainDateTime): number => local.toZonedDateTime('UTC').epochMilliseconds;
const at = (time: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(time);
const localAt = (time: number): Temporal.PlainDateTime =>
  at(time).toZonedDateTimeISO('UTC').toPlainDateTime();
