import { Temporal } from 'temporal-polyfill';
import { type Span } from './event-span.js';
import type { IcalEvent } from './ical-file.js';
import { countUntil } from './binary-search.js';
import { asDay, type IcalTime, later } from './ical-time.js';

/** An occurrence that differs from its series, or (RANGE=THISANDFUTURE) from which on the series differs. */
export interface Override {
  event: IcalEvent;
  /** Its day in the series, or the text of one that can't be read. */
  day: string;
  /** Null for an occurrence that blocks no nights. */
  span: Span | null;
}

/** A change of an occurrence and all later ones: they move by the same number of days and take its length. */
export class LaterOccurrences {
  private readonly ranges: readonly Override[];
  /** The most days by which an occurrence may end after its place in the series, or start before it. */
  readonly reach: number;

  constructor(ranges: readonly Override[]) {
    this.ranges = ranges.toSorted((a, b) => (a.day < b.day ? -1 : 1));
    let reach = 0;
    for (const { day, span } of ranges) {
      if (span) reach = Math.max(reach, Math.abs(daysUntil(day, span)) + span.days);
    }
    this.reach = reach;
  }

  /** The last change from or before this day of the series. */
  changeAt(day: string): Override | undefined {
    return this.ranges[countUntil(this.ranges, (range) => range.day <= day) - 1];
  }
}

/** The start of the occurrence at this day of a series that has changed. */
export function startAfter({ day: from }: Override, span: Span, day: string): IcalTime {
  return later(span.start, Temporal.PlainDate.from(from).until(day, { largestUnit: 'day' }));
}

const daysUntil = (day: string, { start }: Span): number =>
  Temporal.PlainDate.from(day).until(asDay(start), { largestUnit: 'day' }).days;
