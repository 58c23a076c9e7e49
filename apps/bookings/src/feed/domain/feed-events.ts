import { addDays, compareDates, type DateRange, type IsoDate } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import { isOwnUid } from '../../calendar/domain/ical-export.js';
import {
  BUSY_STATUS,
  type IcalEvent,
  type IcalFile,
  MAX_EVENTS,
  type Property,
  readIcal,
  type Unreadable,
} from './ical-file.js';
import { type IcalTime, readDuration, Times } from './ical-time.js';
import { occurrences } from './recurrence.js';

/** Nights that are unavailable according to a feed. */
export interface FeedEvent extends DateRange {
  /** Does not change between fetches, even if the dates of the event change. */
  key: string;
  /** Its UID comes from our own export of this listing. */
  own: boolean;
}

export type Ignored =
  'cancelled' | 'transparent' | 'no_length' | 'unreadable_date' | 'unreadable_rule' | 'past' | 'too_far';

export interface FeedContent {
  events: FeedEvent[];
  /** The number of ignored events per reason. */
  ignored: Partial<Record<Ignored, number>>;
  /** The UIDs of events of which a date or a rule can't be read. They keep the nights that they had. */
  unreadable: ReadonlySet<string>;
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
const MAX_RULES = 100;
const MAX_DATES = 2_000;
const PAUSE_EVERY = 100;
const ONE_DAY = Temporal.Duration.from({ days: 1 });

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
  }
  if (reader.events.length > MAX_EVENTS) return 'too_many_events';
  const { events, ignored, unreadable } = reader;
  if (unreadable.size > 0 && reader.readableStarts === 0) return 'unreadable_dates';
  return { events, ignored, unreadable, empty: file.events.length === 0 };
}

class FeedReader {
  readonly events: FeedEvent[] = [];
  readonly ignored: Partial<Record<Ignored, number>> = {};
  readonly unreadable = new Set<string>();
  readableStarts = 0;
  private readonly horizon: IsoDate;
  private readonly used = new Set<string>();
  private rules = 0;

  private readonly times: Times;

  constructor(
    private readonly file: IcalFile,
    private readonly place: FeedPlace,
  ) {
    this.times = new Times(file, place.timeZone);
    this.horizon = addDays(place.today, HORIZON_DAYS);
  }

  /** Reads the events with one UID: an event, and the occurrences that differ from it. */
  read(events: readonly IcalEvent[]): void {
    const series = latest(events.filter((each) => !find(each, 'RECURRENCE-ID')));
    const begin = series[0] && find(series[0], 'DTSTART');
    const first = begin && this.times.read(begin);
    const exceptions = new Map<string, IcalEvent>();
    for (const event of events) {
      const id = find(event, 'RECURRENCE-ID');
      if (!id) continue;
      const when = this.times.read(id);
      if (!when) this.ignoreUnreadable(event, 'unreadable_date');
      const day = when ? dayOf(when, first ?? when) : id.value;
      const previous = exceptions.get(day);
      if (!previous || sequenceOf(event) >= sequenceOf(previous)) exceptions.set(day, event);
    }
    for (const event of series) this.readSeries(event, exceptions);
    for (const [day, event] of exceptions) this.readOne(event, day);
  }

  private readSeries(event: IcalEvent, exceptions: ReadonlyMap<string, IcalEvent>): void {
    if (!isSeries(event)) return this.readOne(event, '');
    const rules = event.properties.filter(({ name }) => name === 'RRULE');
    const span = this.spanOf(event);
    if (!span) return;
    const today = Temporal.PlainDate.from(this.place.today);
    // Earlier occurrences may end after today.
    const from = today.subtract({ days: span.days + 2 });
    const to = Temporal.PlainDate.from(this.horizon);
    const occurrencesByDay = new Map<string, { start: IcalTime; end: IcalTime }>();
    const add = (start: IcalTime, end: IcalTime | null = null) =>
      occurrencesByDay.set(dayOf(start, span.start), { start, end: end ?? span.endOf(start) });
    for (const rule of rules) {
      this.rules += 1;
      const found = this.rules > MAX_RULES ? null : occurrences(rule.value, span.start, from, to);
      // Without a valid rule, the first occurrence is still certain.
      if (!found) this.ignoreUnreadable(event, 'unreadable_rule');
      for (const start of found ?? [span.start]) add(start);
    }
    if (rules.length === 0) add(span.start);
    for (const date of this.datesOf(event, 'RDATE')) {
      if (date) add(date.start, date.end);
      else this.ignoreUnreadable(event, 'unreadable_date');
    }
    for (const excluded of this.datesOf(event, 'EXDATE')) {
      if (excluded) occurrencesByDay.delete(dayOf(excluded.start, span.start));
      else this.ignoreUnreadable(event, 'unreadable_date');
    }
    for (const day of exceptions.keys()) occurrencesByDay.delete(day);
    for (const [day, { start, end }] of occurrencesByDay) {
      this.addEvent(event, occurrenceOf(day, span), start, end);
    }
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

  private readOne(event: IcalEvent, day: string): void {
    const span = this.spanOf(event);
    if (!span) return;
    this.addEvent(event, occurrenceOf(day, span), span.start, span.endOf(span.start));
  }

  /** The start and the duration of an event. Null for an event that blocks no nights. */
  private spanOf(event: IcalEvent) {
    const valueOf = (name: string) => find(event, name)?.value.trim().toUpperCase();
    if (this.file.cancels || valueOf('STATUS') === 'CANCELLED') return this.ignore('cancelled');
    const isFree = BUSY_STATUS.some((name) => valueOf(name) === 'FREE');
    if (isFree || valueOf('TRANSP') === 'TRANSPARENT') return this.ignore('transparent');
    const [startsAt, endsAt, lasts] = ['DTSTART', 'DTEND', 'DURATION'].map((name) => find(event, name));
    const start = startsAt && this.times.read(startsAt);
    const end = endsAt && this.times.read(endsAt);
    if (!start) return this.ignoreUnreadable(event, 'unreadable_date');
    this.readableStarts += 1;
    if (end) {
      const span = this.spanUntil(start, end);
      return span && { ...span, isCertain: true };
    }
    const duration = lasts && readDuration(lasts.value);
    const isCertain = duration ? true : !endsAt && !lasts;
    // At least the first night is certain.
    if (!isCertain) this.ignoreUnreadable(event, 'unreadable_date');
    const span = this.spanOfLength(start, duration || ONE_DAY);
    return span && { ...span, isCertain };
  }

  private spanUntil(start: IcalTime, end: IcalTime) {
    const [first, last] = [this.times.localDate(start), this.times.localDate(end)];
    // Many exporters write one day as an end at its start.
    if (start.kind === 'day' && end.kind === 'day' && first === last)
      return this.spanOfLength(start, ONE_DAY);
    if (compareDates(first, last) >= 0) return this.ignore('no_length');
    const between = asDay(start).until(asDay(end), { largestUnit: 'day' });
    // Calendar days, not 24 hours: midnight to midnight is one night even when the clocks change.
    const length =
      start.kind === 'time' && end.kind === 'time'
        ? start.time.until(end.time.withTimeZone(start.time.timeZoneId), { largestUnit: 'day' })
        : between;
    return {
      start,
      days: between.days,
      endOf: (from: IcalTime) => (from === start ? end : later(from, length)),
    };
  }

  private spanOfLength(start: IcalTime, length: Temporal.Duration) {
    const endOf = (from: IcalTime) => later(from, length);
    if (compareDates(this.times.localDate(start), this.times.localDate(endOf(start))) >= 0) {
      return this.ignore('no_length');
    }
    return { start, days: asDay(start).until(asDay(endOf(start))).days, endOf };
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

  private ignoreUnreadable(event: IcalEvent, reason: 'unreadable_date' | 'unreadable_rule'): null {
    this.unreadable.add(uidOf(event));
    return this.ignore(reason);
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
  Number.parseInt(find(event, 'SEQUENCE')?.value ?? '0', 10) || 0;

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

const uidOf = (event: IcalEvent): string => find(event, 'UID')?.value.trim() ?? '';

const isSeries = (event: IcalEvent): boolean =>
  event.properties.some(({ name }) => name === 'RRULE' || name === 'RDATE');

const find = (event: IcalEvent, name: string): Property | undefined =>
  event.properties.find((property) => property.name === name);

const asDay = (time: IcalTime): Temporal.PlainDate =>
  time.kind === 'day' ? time.day : time.time.toPlainDate();

/** Occurrences are identified by their day in the series' time zone: a series has at most one per day. */
function dayOf(time: IcalTime, series: IcalTime): string {
  if (time.kind !== 'time' || series.kind !== 'time') return asDay(time).toString();
  return time.time.withTimeZone(series.time.timeZoneId).toPlainDate().toString();
}

function later(time: IcalTime, length: Temporal.Duration): IcalTime {
  if (time.kind === 'time') return { kind: 'time', time: time.time.add(length) };
  return { kind: 'day', day: time.day.toPlainDateTime().add(length).toPlainDate() };
}
