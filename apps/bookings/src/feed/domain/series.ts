import { Temporal } from 'temporal-polyfill';
import type { Span } from './event-span.js';
import type { IcalEvent, Property } from './ical-file.js';
import { type IcalTime, later, readDuration, timeIn, timeOfUtc, type Times } from './ical-time.js';
import { COST, type ReadBudget } from './read-budget.js';
import type { RuleExpander, Window } from './recurrence.js';

export interface Occurrence {
  start: IcalTime;
  end: IcalTime;
}

export interface Occurrences {
  /** A series has at most one occurrence per day. */
  byDay: Map<string, Occurrence>;
  /** What could not be read of the series. */
  unreadable: ('unreadable_date' | 'unreadable_rule')[];
}

interface DateOrPeriod {
  start: IcalTime;
  end: IcalTime | null;
}

/** The limit of additional and of excluded dates of a series: feeds are untrusted. */
const MAX_DATES = 2_000;

export const isSeries = (event: IcalEvent): boolean =>
  event.properties.some(({ name }) => name === 'RRULE' || name === 'RDATE');

/** Reads the rules, additional dates and excluded dates of series. */
export class SeriesReader {
  constructor(
    private readonly times: Times,
    private readonly rules: RuleExpander,
    private readonly budget: ReadBudget,
  ) {}

  async read(event: IcalEvent, span: Span, window: Pick<Window, 'from' | 'to'>): Promise<Occurrences> {
    const byDay: Occurrences['byDay'] = new Map();
    const unreadable: Occurrences['unreadable'] = [];
    const add = async (start: IcalTime, end: IcalTime | null = null) => {
      this.budget.charge(COST.occurrence);
      await this.budget.rest();
      byDay.set(this.times.dayOf(start, span.start), { start, end: end ?? span.endOf(start) });
    };
    const rules = event.properties.filter(({ name }) => name === 'RRULE');
    for (const rule of rules) {
      if (this.budget.isExhausted) break;
      const found = await this.startsOf(rule.value, span.start, window);
      // Without a valid rule, the first occurrence is still certain.
      if (!found) unreadable.push('unreadable_rule');
      if (!found) await add(span.start);
      for (const local of found ?? []) await add(startAt(span.start, local));
    }
    if (rules.length === 0) await add(span.start);
    for await (const date of this.datesOf(event, 'RDATE')) {
      if (date) await add(this.startIn(span, date), date.end);
      else unreadable.push('unreadable_date');
    }
    for await (const excluded of this.datesOf(event, 'EXDATE')) {
      if (excluded) byDay.delete(this.times.dayOf(excluded.start, span.start));
      else unreadable.push('unreadable_date');
    }
    return { byDay, unreadable };
  }

  private startsOf(
    rule: string,
    start: IcalTime,
    window: Pick<Window, 'from' | 'to'>,
  ): Promise<Temporal.PlainDateTime[] | null> {
    if (start.kind === 'day') {
      const localOf = (utc: Temporal.Instant) => this.times.wholeDay(timeOfUtc(utc)).toPlainDateTime();
      return this.rules.expandInParts(rule, start.day.toPlainDateTime(), { ...window, localOf });
    }
    const { zone } = start;
    return this.rules.expandInParts(rule, start.local, { ...window, localOf: (utc) => zone.localOf(utc) });
  }

  /** A date of a series of whole days is a whole day, unless it is a period. */
  private startIn({ start }: Span, date: DateOrPeriod): IcalTime {
    if (start.kind !== 'day' || date.end) return date.start;
    return { kind: 'day', day: this.times.wholeDay(date.start) };
  }

  /** A period has its own end or duration; a date has the duration of the event. */
  private async *datesOf(event: IcalEvent, name: 'RDATE' | 'EXDATE'): AsyncGenerator<DateOrPeriod | null> {
    let left = MAX_DATES;
    for (const property of event.properties) {
      if (property.name !== name) continue;
      for (const value of property.value.split(',', left)) {
        if (this.budget.isExhausted) return;
        left -= 1;
        this.budget.charge(COST.date);
        await this.budget.rest();
        yield this.readDate(property, value);
      }
    }
  }

  private readDate(property: Property, text: string): DateOrPeriod | null {
    const [from = '', to] = text.split('/');
    const start = this.times.read({ ...property, value: from });
    if (!start) return null;
    if (to === undefined) return { start, end: null };
    const length = readDuration(to);
    const end = length ? later(start, length) : this.times.read({ ...property, value: to });
    return end && { start, end };
  }
}

const startAt = (series: IcalTime, local: Temporal.PlainDateTime): IcalTime =>
  series.kind === 'day' ? { kind: 'day', day: local.toPlainDate() } : timeIn(series.zone, local);
