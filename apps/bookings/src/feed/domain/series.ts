import { Temporal } from 'temporal-polyfill';
import type { Span } from './event-span.js';
import type { IcalEvent } from './ical-file.js';
import { type IcalTime, later, readDuration, timeIn, timeOfUtc, type Times } from './ical-time.js';
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
    /** Yields to other work. */
    private readonly rest: () => Promise<void>,
  ) {}

  async read(event: IcalEvent, span: Span, window: Pick<Window, 'from' | 'to'>): Promise<Occurrences> {
    const byDay: Occurrences['byDay'] = new Map();
    const unreadable: Occurrences['unreadable'] = [];
    const add = (start: IcalTime, end: IcalTime | null = null) =>
      byDay.set(this.times.dayOf(start, span.start), { start, end: end ?? span.endOf(start) });
    const rules = event.properties.filter(({ name }) => name === 'RRULE');
    for (const rule of rules) {
      await this.rest();
      const found = this.startsOf(rule.value, span.start, window);
      // Without a valid rule, the first occurrence is still certain.
      if (!found) unreadable.push('unreadable_rule');
      for (const start of found ?? [span.start]) add(start);
    }
    if (rules.length === 0) add(span.start);
    for (const date of this.datesOf(event, 'RDATE')) {
      if (date) add(this.startIn(span, date), date.end);
      else unreadable.push('unreadable_date');
    }
    for (const excluded of this.datesOf(event, 'EXDATE')) {
      if (excluded) byDay.delete(this.times.dayOf(excluded.start, span.start));
      else unreadable.push('unreadable_date');
    }
    return { byDay, unreadable };
  }

  private startsOf(rule: string, start: IcalTime, window: Pick<Window, 'from' | 'to'>): IcalTime[] | null {
    if (start.kind === 'day') {
      const localOf = (utc: Temporal.Instant) => this.times.wholeDay(timeOfUtc(utc)).toPlainDateTime();
      const days = this.rules.expand(rule, start.day.toPlainDateTime(), { ...window, localOf });
      return days && days.map((day) => ({ kind: 'day', day: day.toPlainDate() }));
    }
    const { zone } = start;
    const times = this.rules.expand(rule, start.local, { ...window, localOf: (utc) => zone.localOf(utc) });
    return times && times.map((local) => timeIn(zone, local));
  }

  /** A date of a series of whole days is a whole day, unless it is a period. */
  private startIn({ start }: Span, date: DateOrPeriod): IcalTime {
    if (start.kind !== 'day' || date.end) return date.start;
    return { kind: 'day', day: this.times.wholeDay(date.start) };
  }

  /** A period has its own end or duration; a date has the duration of the event. */
  private datesOf(event: IcalEvent, name: 'RDATE' | 'EXDATE'): (DateOrPeriod | null)[] {
    return event.properties
      .filter((property) => property.name === name)
      .flatMap((property) => property.value.split(',', MAX_DATES).map((value) => ({ ...property, value })))
      .slice(0, MAX_DATES)
      .map((property) => {
        const [from = '', to] = property.value.split('/');
        const start = this.times.read({ ...property, value: from });
        if (!start) return null;
        if (to === undefined) return { start, end: null };
        const length = readDuration(to);
        const end = length ? later(start, length) : this.times.read({ ...property, value: to });
        return end && { start, end };
      });
  }
}
