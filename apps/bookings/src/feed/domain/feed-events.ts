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
import { type IcalTime, Times } from './ical-time.js';
import { LaterOccurrences, type Override, startAfter } from './overrides.js';
import { COST, ReadBudget } from './read-budget.js';
import { RuleExpander } from './recurrence.js';
import { isSeries, SeriesReader } from './series.js';
import { addKnownDates, type KnownDates } from './unreadable-events.js';

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

/** The limit of the series with one UID, and of the changes of all later occurrences. */
const MAX_SERIES_OF_UID = 200;

/**
 * Returns the unavailable nights of a feed from today on, or the reason why the file is invalid. `pause` yields to other work
 * while a long feed is processed.
 */
export async function readFeed(
  bytes: Buffer,
  place: FeedPlace,
  pause: () => Promise<unknown> = () => Promise.resolve(),
): Promise<FeedContent | Unreadable> {
  const file = await readIcal(bytes, pause);
  if (typeof file === 'string') return file;
  const reader = new FeedReader(file, place, pause);
  for (const sameUid of byUid(file.events)) {
    await reader.read(sameUid);
    if (reader.isTooLarge) return 'too_many_events';
  }
  const { events, ignored, unreadable } = reader;
  const unreadableWithoutUid = [...reader.unreadableWithoutUid.values()];
  const isUnreadable = unreadable.size + unreadableWithoutUid.length > 0;
  if (isUnreadable && reader.readableStarts === 0) return 'unreadable_dates';
  return { events, ignored, unreadable, unreadableWithoutUid, empty: file.events.length === 0 };
}

class FeedReader {
  readonly events: FeedEvent[] = [];
  readonly ignored: Partial<Record<Ignored, number>> = {};
  readonly unreadable = new Set<string>();
  readonly unreadableWithoutUid = new Map<string, KnownDates>();
  readableStarts = 0;
  private readonly horizon: IsoDate;
  /** The keys, and the last number of those that have one. */
  private readonly used = new Map<string, number>();
  private readonly budget: ReadBudget;
  private readonly times: Times;
  private readonly series: SeriesReader;
  private hasTooManySeries = false;

  constructor(
    private readonly file: IcalFile,
    private readonly place: FeedPlace,
    pause: () => Promise<unknown>,
  ) {
    this.budget = new ReadBudget(pause);
    const rules = new RuleExpander(this.budget);
    this.times = new Times(file, place, { rules, budget: this.budget });
    this.series = new SeriesReader(this.times, rules, this.budget);
    this.horizon = addDays(place.today, HORIZON_DAYS);
  }

  get isTooLarge(): boolean {
    const found = Math.max(this.events.length, this.unreadableWithoutUid.size);
    return this.hasTooManySeries || this.budget.isExhausted || found > MAX_EVENTS;
  }

  /** Reads the events with one UID: an event, and the occurrences that differ from it. */
  async read(events: readonly IcalEvent[]): Promise<void> {
    for (const event of events) await this.begin(event);
    if (this.isTooLarge) return;
    const series = latest(events.filter((each) => !propertyOf(each, 'RECURRENCE-ID')));
    const begin = series[0] && propertyOf(series[0], 'DTSTART');
    const first = begin && this.times.read(begin);
    const single = new Map<string, IcalEvent>();
    const ranges = new Map<string, IcalEvent>();
    for (const event of events) {
      const id = propertyOf(event, 'RECURRENCE-ID');
      if (!id) continue;
      this.budget.charge(COST.date);
      await this.budget.rest();
      const when = this.times.read(id);
      if (!when) this.ignoreUnreadable(event, 'unreadable_date');
      const day = when ? this.times.dayOf(when, first ?? when) : id.value;
      const same = when && id.params.get('RANGE')?.toUpperCase() === 'THISANDFUTURE' ? ranges : single;
      const previous = same.get(day);
      if (!previous || sequenceOf(event) >= sequenceOf(previous)) same.set(day, event);
    }
    this.hasTooManySeries = Math.max(ranges.size, series.filter(isSeries).length) > MAX_SERIES_OF_UID;
    if (this.hasTooManySeries) return;
    const later = await this.overridesOf(ranges);
    const changed = [...later.filter(({ day }) => !single.has(day)), ...(await this.overridesOf(single))];
    const readable = later.filter(({ event, span }) => span || !this.unreadable.has(uidOf(event)));
    const overrides = { days: new Set(changed.map(({ day }) => day)), later: new LaterOccurrences(readable) };
    for (const event of series) {
      if (this.isTooLarge) return;
      await this.readSeries(event, overrides);
    }
    for (const { event, day, span } of changed) {
      await this.charge(COST.occurrence);
      this.addSpan(event, day, span);
    }
  }

  private async begin(event: IcalEvent): Promise<void> {
    if (this.budget.isExhausted) return;
    await this.charge(COST.event);
    await this.times.loadZones(event);
  }

  /** Yields to other work after a part of the cost. */
  private async charge(cost: number): Promise<void> {
    this.budget.charge(cost);
    await this.budget.rest();
  }

  private async overridesOf(events: ReadonlyMap<string, IcalEvent>): Promise<Override[]> {
    const overrides: Override[] = [];
    for (const [day, event] of events) {
      await this.charge(COST.event);
      overrides.push({ day, event, span: this.spanOf(event) });
    }
    return overrides;
  }

  private async readSeries(
    event: IcalEvent,
    { days, later }: { days: ReadonlySet<string>; later: LaterOccurrences },
  ): Promise<void> {
    await this.charge(COST.event);
    const span = this.spanOf(event);
    if (!isSeries(event)) return this.addSpan(event, '', span);
    if (!span) return;
    const { byDay, unreadable } = await this.series.read(event, span, this.windowOf(span, later));
    for (const reason of unreadable) this.ignoreUnreadable(event, reason);
    for (const [day, { start, end }] of byDay) {
      if (days.has(day)) continue;
      await this.charge(COST.occurrence);
      if (this.isTooLarge) return;
      const change = later.changeAt(day);
      if (!change) this.addEvent(event, occurrenceOf(day, span), start, end);
      else if (change.span) {
        const moved = startAfter(change, change.span, day);
        this.addEvent(change.event, occurrenceOf(day, change.span), moved, change.span.endOf(moved));
      }
    }
  }

  /** Earlier occurrences may end after today; those that have moved may come from before and from after these days. */
  private windowOf({ days }: Span, { reach }: LaterOccurrences) {
    const before = Math.min(Math.max(days, reach), HORIZON_DAYS);
    return {
      from: Temporal.PlainDate.from(this.place.today).subtract({ days: before + 2 }),
      to: Temporal.PlainDate.from(this.horizon).add({ days: Math.min(reach, HORIZON_DAYS) }),
    };
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
    let time = this.used.get(name) ?? 1;
    while (this.used.has(key)) key = `${name}\n${(time += 1)}`;
    this.used.set(name, time).set(key, this.used.get(key) ?? 1);
    return key;
  }

  private ignoreUnreadable(
    event: IcalEvent,
    reason: 'unreadable_date' | 'unreadable_rule',
    known: KnownDates = { from: null, to: null },
  ): null {
    const uid = uidOf(event);
    if (uid !== '') this.unreadable.add(uid);
    else addKnownDates(this.unreadableWithoutUid, known, this.place.today);
    return this.ignore(reason);
  }

  /** The readable ones of the start and the end. An end beyond the horizon was clipped on another day, and one before the start is wrong. */
  private knownDates(event: IcalEvent): KnownDates {
    const [from = null, to = null] = ['DTSTART', 'DTEND'].map((name) => {
      const property = propertyOf(event, name);
      const time = property && this.times.read(property);
      return time ? this.times.localDate(time) : null;
    });
    const isKnown = to !== null && compareDates(to, this.horizon) < 0 && compareDates(from ?? to, to) <= 0;
    return { from, to: isKnown ? to : null };
  }

  private ignore(reason: Ignored): null {
    this.ignored[reason] = (this.ignored[reason] ?? 0) + 1;
    return null;
  }
}

/** The events with the highest SEQUENCE; several if they are equal. */
function latest(events: readonly IcalEvent[]): readonly IcalEvent[] {
  const highest = events.reduce((most, event) => Math.max(most, sequenceOf(event)), -Infinity);
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
