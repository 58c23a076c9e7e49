import type { IsoDate } from '@roost/stay';
import { Temporal } from 'temporal-polyfill';
import type { IcalEvent, IcalFile, Property } from './ical-file.js';
import { parseDateTime, timeOn } from './local-time.js';
import { COST, type ReadBudget } from './read-budget.js';
import type { RuleExpander } from './recurrence.js';
import { areaZoneNamed, platformZone, type TimeZone, zoneNamed } from './time-zone.js';
import { definedZone } from './zone-definition.js';

/** A whole day, or a time in a time zone. */
export type IcalTime =
  | { kind: 'day'; day: Temporal.PlainDate }
  | { kind: 'time'; local: Temporal.PlainDateTime; instant: Temporal.Instant; zone: TimeZone };

/** A local time in a zone. */
export const timeIn = (zone: TimeZone, local: Temporal.PlainDateTime): IcalTime => ({
  kind: 'time',
  local,
  instant: zone.instantOf(local),
  zone,
});

export const timeOfUtc = (utc: Temporal.Instant): IcalTime => {
  const zone = platformZone('UTC');
  return { kind: 'time', local: zone.localOf(utc), instant: utc, zone };
};

/** Parses the times of a feed. */
export class Times {
  private readonly zones = new Map<string, TimeZone>();
  private readonly listingZone: TimeZone;

  constructor(
    private readonly file: Pick<IcalFile, 'timeZone' | 'zones'>,
    /** The zone of the listing, for times without a zone, and the current date in it. */
    private readonly place: { timeZone: string; today: IsoDate },
    private readonly cost: { rules: RuleExpander; budget: ReadBudget },
  ) {
    this.listingZone = platformZone(place.timeZone);
  }

  /** The date in the listing's zone: nights are from the local date of the start to that of the end. */
  localDate(time: IcalTime): IsoDate {
    const day = time.kind === 'day' ? time.day : this.listingZone.localOf(time.instant).toPlainDate();
    return day.toString();
  }

  /** Occurrences are identified by their day in the series' time zone: a series has at most one per day. */
  dayOf(time: IcalTime, series: IcalTime): string {
    if (series.kind === 'day') return this.wholeDay(time).toString();
    return (time.kind === 'day' ? time.day : series.zone.localOf(time.instant).toPlainDate()).toString();
  }

  /**
   * The day of a series of whole days. A time in UTC means the day of the listing, as the local midnight east of Greenwich
   * is on the day before in UTC; but midnight in UTC is a day that was written as a time.
   */
  wholeDay(time: IcalTime): Temporal.PlainDate {
    if (time.kind === 'day') return time.day;
    const { local, zone, instant } = time;
    const isMidnight = local.toPlainTime().equals(MIDNIGHT);
    return (zone.isOffset && !isMidnight ? this.listingZone.localOf(instant) : local).toPlainDate();
  }

  /** Null for a time that does not exist. A year outside of 1900 to 2200 means "since ever" or "until further notice". */
  read({ value, params }: Property): IcalTime | null {
    const parsed = parseDateTime(value);
    if (!parsed) return null;
    const date = withinYears(parsed.date);
    if (parsed.time === null) return { kind: 'day', day: date };
    const local = timeOn(date, parsed.time);
    if (!local) return null;
    const zone = parsed.offset === null ? this.zoneOf(params.get('TZID')) : platformZone(parsed.offset);
    return timeIn(zone, local);
  }

  /** Finds the zones of an event. Must precede `read`. */
  async loadZones({ properties }: IcalEvent): Promise<void> {
    for (const { params } of properties) {
      const id = params.get('TZID') ?? '';
      if (this.zones.has(id) || this.cost.budget.isExhausted) continue;
      const zone = (await this.findZone(id)) ?? (await this.findZone(this.file.timeZone ?? ''));
      this.zones.set(id, zone ?? this.listingZone);
    }
  }

  private zoneOf(id = ''): TimeZone {
    return this.zones.get(id) ?? this.listingZone;
  }

  /**
   * The zone that a feed names. An area of the IANA data comes first, as the definition of it in a file often has the rules
   * of one year only. Other names depend on the program that wrote the file, so its own definition comes first.
   */
  private async findZone(id: string): Promise<TimeZone | null> {
    this.cost.budget.charge(COST.zoneName);
    await this.cost.budget.rest();
    const definition = this.file.zones.get(id);
    const area = areaZoneNamed(definition?.location ?? '') ?? areaZoneNamed(id);
    if (area !== null) return platformZone(area);
    const defined =
      definition && (await definedZone(definition, Temporal.PlainDate.from(this.place.today), this.cost));
    if (defined) return defined;
    const named = zoneNamed(id);
    return named === null ? null : platformZone(named);
  }
}

const MIDNIGHT = Temporal.PlainTime.from('00:00');
const EARLIEST_YEAR = 1900;
const LATEST_YEAR = 2200;

function withinYears(date: Temporal.PlainDate): Temporal.PlainDate {
  if (date.year < EARLIEST_YEAR) return Temporal.PlainDate.from({ year: EARLIEST_YEAR, month: 1, day: 1 });
  if (date.year > LATEST_YEAR) return Temporal.PlainDate.from({ year: LATEST_YEAR, month: 12, day: 31 });
  return date;
}

const DURATION =
  /^([+-])?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/i;

export function readDuration(text: string): Temporal.Duration | null {
  const parts = DURATION.exec(text.trim());
  if (!parts || !/\d/.test(text)) return null;
  const [weeks, days, hours, minutes, seconds] = parts.slice(2).map((part) => Number(part ?? 0));
  const length = Temporal.Duration.from({ weeks, days, hours, minutes, seconds });
  return parts[1] === '-' ? length.negated() : length;
}

export const asDay = (time: IcalTime): Temporal.PlainDate =>
  time.kind === 'day' ? time.day : time.local.toPlainDate();

/** Days are calendar days of the time's zone, hours are exact. */
export function later(time: IcalTime, length: Temporal.Duration): IcalTime {
  const { weeks, days } = length;
  if (time.kind === 'day') return { kind: 'day', day: time.day.toPlainDateTime().add(length).toPlainDate() };
  const { zone, local } = time;
  const instant = zone.instantOf(local.add({ weeks, days })).add(length.with({ weeks: 0, days: 0 }));
  return { kind: 'time', local: zone.localOf(instant), instant, zone };
}

/** Calendar days and the exact rest: midnight to midnight is one day even when the clocks change. */
export function lengthBetween(start: IcalTime, end: IcalTime): Temporal.Duration {
  if (start.kind === 'day' || end.kind === 'day')
    return asDay(start).until(asDay(end), { largestUnit: 'day' });
  const { days } = start.local.until(start.zone.localOf(end.instant), { largestUnit: 'day' });
  const rest = start.zone.instantOf(start.local.add({ days })).until(end.instant, { largestUnit: 'hour' });
  // An hour that the clocks skip may end after the rest began.
  return rest.sign < 0 ? Temporal.Duration.from({ days }) : rest.with({ days });
}
