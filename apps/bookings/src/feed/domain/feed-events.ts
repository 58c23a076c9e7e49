import { addDays, compareDates, type DateRange, type IsoDate } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import { isOwnUid } from '../../calendar/domain/ical-export.js';
import { type NoSpan, type Span, spanOf } from './event-span.js';
import {
  type IcalEvent,
  type IcalFile,
  MAX_EVENTS,
  propertyOf,
  readIcal,
  type Unreadable,
} from './ical-file.js';
import { type IcalTime, later, readDuration, timeIn, timeOfUtc, Times } from './ical-time.js';
import { LaterOccurrences, type Override, startAfter } from './overrides.js';
import { RuleExpander, type Window } from './recurrence.js';
import type { KnownDates } from './unreadable-events.js';

/** Nights that are unavailable according to a feed. */
export interface FeedEvent extends DateRange {
  /** Does not change between fetches, even if the dates of the event change. */
  key: string;
  /** Its UID comes from our own export of this listing. */
  own: boolean;
}

export type Ignored = NoSpan | 'unreadable_rule' | 'past' | 'too_far';

export interface FeedContent {
  events: FeedEvent[];
  /** The number of ignored events per reason. */
  ignored: Partial<Record<Ignored, number>>;
  /** The UIDs of events of which a date or a rule can't be read. They keep the nights that they had. */
  unreadable: ReadonlySet<string>;
  /** The same for events without a UID. */
  unreadableWithoutUid: readonly KnownDates[];
  /** The file contains no event at all, not even an ignored one. */
  empty: boolean;
}

export interface FeedPlace {
  listingId: string;
  timeZone: string;
  /** The current date in the listing's time zone. */
  today: IsoDate;
}

/** Nights more than this number of days from today are ignored. */
export const HORIZON_DAYS = 1_100;

/** Limits of the cost of a feed: feeds are untrusted. */
const MAX_DATES = 2_000;
const PAUSE_EVERY = 100;

/**
 * Returns the unavailable nights of a feed from today on, or the reason why the file is invalid. `pause` yields to other work
 * while a long feed is processed.
 */
export async function readFeed(
  bytes: Buffer,
  place: FeedPlace,
  pause: () => Promise<unknown> = () => Promise.resolve(),
): Promise<FeedContent | Unreadable> {
  const file = readIcal(bytes);
  if (typeof file === 'string') return file;
  const reader = new FeedReader(file, place);
  for (const [index, sameUid] of byUid(file.events).entries()) {
    if (index % PAUSE_EVERY === 0 || sameUid.some(isSeries)) await pause();
    reader.read(sameUid);
    if (reader.isTooLarge) return 'too_many_events';
  }
  const { events, ignored, unreadable, unreadableWithoutUid } = reader;
  const isUnreadable = unreadable.size + unreadableWithoutUid.length > 0;
  if (isUnreadable && reader.readableStarts === 0) return 'unreadable_dates';
  return { events, ignored, unreadable, unreadableWithoutUid, empty: file.events.length === 0 };
}

class FeedReader {
  readonly events: FeedEvent[] = [];
  readonly ignored: Partial<Record<Ignored, number>> = {};
  readonly unreadable = new Set<string>();
  readonly unreadableWithoutUid: KnownDates[] = [];
  readableStarts = 0;
  private readonly horizon: IsoDate;
  private readonly used = new Set<string>();
  private readonly rules = new RuleExpander();

  private readonly times: Times;

  constructor(
    private readonly file: IcalFile,
    private readonly place: FeedPlace,
  ) {
    this.times = new Times(file, place, this.rules);
    this.horizon = addDays(place.today, HORIZON_DAYS);
  }

  get isTooLarge(): boolean {
    return this.events.length > MAX_EVENTS || this.rules.isExhausted;
  }

  /** Reads the events with one UID: an event, and the occurrences that differ from it. */
  read(events: readonly IcalEvent[]): void {
    const series = latest(events.filter((each) => !propertyOf(each, 'RECURRENCE-ID')));
    const begin = series[0] && propertyOf(series[0], 'DTSTART');
    const first = begin && this.times.read(begin);
    const single = new Map<string, IcalEvent>();
    const ranges = new Map<string, IcalEvent>();
    for (const event of events) {
      const id = propertyOf(event, 'RECURRENCE-ID');
      if (!id) continue;
      const when = this.times.read(id);
      if (!when) this.ignoreUnreadable(event, 'unreadable_date');
      const day = when ? this.times.dayOf(when, first ?? when) : id.value;
      const same = when && id.params.get('RANGE')?.toUpperCase() === 'THISANDFUTURE' ? ranges : single;
      const previous = same.get(day);
      if (!previous || sequenceOf(event) >= sequenceOf(previous)) same.set(day, event);
    }
    const override = ([day, event]: [string, IcalEvent]) => ({ day, event, span: this.spanOf(event) });
    const later = [...ranges].map(override);
    const changed = [...later.filter(({ day }) => !single.has(day)), ...[...single].map(override)];
    const readable = later.filter(({ event, span }) => span || !this.unreadable.has(uidOf(event)));
    for (const event of series) this.readSeries(event, changed, new LaterOccurrences(readable));
    for (const { event, day, span } of changed) this.addSpan(event, day, span);
  }

  private readSeries(event: IcalEvent, changed: readonly Override[], ranges: LaterOccurrences): void {
    const span = this.spanOf(event);
    if (!isSeries(event)) return this.addSpan(event, '', span);
    if (!span) return;
    const occurrencesByDay = this.occurrencesOf(event, span, ranges.reach);
    for (const { day } of changed) occurrencesByDay.delete(day);
    for (const [day, { start, end }] of occurrencesByDay) {
      const change = ranges.changeAt(day);
      if (!change) this.addEvent(event, occurrenceOf(day, span), start, end);
      else if (change.span) {
        const moved = startAfter(change, change.span, day);
        this.addEvent(change.event, occurrenceOf(day, change.span), moved, change.span.endOf(moved));
      }
    }
  }

  /** The occurrences by their day, before those that differ from the series. `reach`: the days by which they may move. */
  private occurrencesOf(event: IcalEvent, span: Span, reach: number) {
    const rules = event.properties.filter(({ name }) => name === 'RRULE');
    const today = Temporal.PlainDate.from(this.place.today);
    // Earlier occurrences may end after today.
    const from = today.subtract({ days: Math.max(span.days, reach) + 2 });
    const to = Temporal.PlainDate.from(this.horizon).add({ days: reach });
    const occurrencesByDay = new Map<string, { start: IcalTime; end: IcalTime }>();
    const add = (start: IcalTime, end: IcalTime | null = null) =>
      occurrencesByDay.set(this.times.dayOf(start, span.start), { start, end: end ?? span.endOf(start) });
    for (const rule of rules) {
      const found = this.startsOf(rule.value, span.start, { from, to });
      // Without a valid rule, the first occurrence is still certain.
      if (!found) this.ignoreUnreadable(event, 'unreadable_rule');
      for (const start of found ?? [span.start]) add(start);
    }
    if (rules.length === 0) add(span.start);
    for (const date of this.datesOf(event, 'RDATE')) {
      if (date) add(this.startIn(span, date), date.end);
      else this.ignoreUnreadable(event, 'unreadable_date');
    }
    for (const excluded of this.datesOf(event, 'EXDATE')) {
      if (excluded) occurrencesByDay.delete(this.times.dayOf(excluded.start, span.start));
      else this.ignoreUnreadable(event, 'unreadable_date');
    }
    return occurrencesByDay;
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
  private startIn({ start }: Span, date: { start: IcalTime; end: IcalTime | null }): IcalTime {
    if (start.kind !== 'day' || date.end) return date.start;
    return { kind: 'day', day: this.times.wholeDay(date.start) };
  }

  /** A period has its own end or duration; a date has the duration of the event. */
  private datesOf(
    event: IcalEvent,
    name: 'RDATE' | 'EXDATE',
  ): ({ start: IcalTime; end: IcalTime | null } | null)[] {
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

  /** Null for an event that blocks no nights. */
  private spanOf(event: IcalEvent): Span | null {
    const span = this.file.cancels ? 'cancelled' : spanOf(event, this.times);
    if (span === 'unreadable_date') return this.ignoreUnreadable(event, span, this.knownDates(event));
    if (span !== 'cancelled' && span !== 'transparent') this.readableStarts += 1;
    if (typeof span === 'string') return this.ignore(span);
    // At least the first night is certain.
    if (!span.isCertain) this.ignoreUnreadable(event, 'unreadable_date', this.knownDates(event));
    return span;
  }

  private addSpan(event: IcalEvent, day: string, span: Span | null): void {
    if (span) this.addEvent(event, occurrenceOf(day, span), span.start, span.endOf(span.start));
  }

  private addEvent(event: IcalEvent, occurrence: string, start: IcalTime, end: IcalTime): void {
    const [from, to] = [this.times.localDate(start), this.times.localDate(end)];
    if (compareDates(to, this.place.today) <= 0) return void this.ignore('past');
    if (compareDates(from, this.horizon) >= 0) return void this.ignore('too_far');
    if (compareDates(from, to) >= 0) return void this.ignore('no_length');
    const uid = uidOf(event);
    this.events.push({
      key: this.keyOf(uid === '' ? `\n${from}/${to}` : `${uid}\n${occurrence}`),
      from,
      to: compareDates(to, this.horizon) > 0 ? this.horizon : to,
      own: isOwnUid(uid, this.place.listingId),
    });
  }

  /** A file may contain a UID twice. */
  private keyOf(name: string): string {
    let key = name;
    for (let time = 2; this.used.has(key); time += 1) key = `${name}\n${time}`;
    this.used.add(key);
    return key;
  }

  private ignoreUnreadable(
    event: IcalEvent,
    reason: 'unreadable_date' | 'unreadable_rule',
    known: KnownDates = { from: null, to: null },
  ): null {
    const uid = uidOf(event);
    if (uid !== '') this.unreadable.add(uid);
    else this.unreadableWithoutUid.push(known);
    return this.ignore(reason);
  }

  /** The readable ones of the start and the end. An end beyond the horizon was clipped on another day. */
  private knownDates(event: IcalEvent): KnownDates {
    const [from = null, to = null] = ['DTSTART', 'DTEND'].map((name) => {
      const property = propertyOf(event, name);
      const time = property && this.times.read(property);
      return time ? this.times.localDate(time) : null;
    });
    return { from, to: to !== null && compareDates(to, this.horizon) < 0 ? to : null };
  }

  private ignore(reason: Ignored): null {
    this.ignored[reason] = (this.ignored[reason] ?? 0) + 1;
    return null;
  }
}

/** The events with the highest SEQUENCE; several if they are equal. */
function latest(events: readonly IcalEvent[]): readonly IcalEvent[] {
  const highest = Math.max(...events.map(sequenceOf));
  return events.filter((event) => sequenceOf(event) === highest);
}

const sequenceOf = (event: IcalEvent): number =>
  Number.parseInt(propertyOf(event, 'SEQUENCE')?.value ?? '0', 10) || 0;

function byUid(events: readonly IcalEvent[]): IcalEvent[][] {
  const groups = new Map<string, IcalEvent[]>();
  for (const [index, event] of events.entries()) {
    const uid = uidOf(event) || `#${index}`;
    const group = groups.get(uid);
    if (group) group.push(event);
    else groups.set(uid, [event]);
  }
  return [...groups.values()];
}

/** The first night has another key than the whole event, whose earlier nights are kept. */
const occurrenceOf = (day: string, { isCertain }: { isCertain: boolean }): string =>
  isCertain ? day : `${day}/first night`;

const uidOf = (event: IcalEvent): string => propertyOf(event, 'UID')?.value.trim() ?? '';

const isSeries = (event: IcalEvent): boolean =>
  event.properties.some(({ name }) => name === 'RRULE' || name === 'RDATE');
