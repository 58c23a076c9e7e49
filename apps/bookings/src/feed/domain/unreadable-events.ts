import { addDays, compareDates, type DateRange, type IsoDate } from '@roost/stay';

/** What can be read of the dates of an event without a UID. */
export interface KnownDates {
  from: IsoDate | null;
  to: IsoDate | null;
}

const keyOf = ({ from, to }: KnownDates): string => `${from ?? ''}/${to ?? ''}`;

/** Adds the dates of an event, unless it is past or its dates are there. */
export function addKnownDates(all: Map<string, KnownDates>, known: KnownDates, today: IsoDate): void {
  if (known.to === null || compareDates(known.to, today) >= 0) all.set(keyOf(known), known);
}

/**
 * Whether an earlier event without a UID may be one of these. Of an event without any readable date, every one may be: this
 * is the last resort, and keeps also the nights of those that were deleted meanwhile.
 */
export function mayBeOneOf(unreadable: readonly KnownDates[]): (earlier: DateRange) => boolean {
  const keys = new Set(unreadable.map(keyOf));
  return ({ from, to }) => {
    // An event of one day may have been written as a day that ends at its start.
    const ends = to === addDays(from, 1) ? [null, to, from] : [null, to];
    return ends.some((end) => keys.has(keyOf({ from, to: end })) || keys.has(keyOf({ from: null, to: end })));
  };
}

const covers = (outer: DateRange, inner: DateRange): boolean =>
  compareDates(outer.from, inner.from) <= 0 && compareDates(inner.to, outer.to) <= 0;

/**
 * The events of a feed after a read in which the dates of some UIDs could not be read. Those UIDs keep the nights that they
 * had, in addition to what could be read of them: a provider that changes its date format frees no night.
 */
export function withKeptNights<E extends DateRange & { key: string }>(
  before: readonly E[],
  read: readonly E[],
  { isUnreadable, today }: { isUnreadable: (event: E) => boolean; today: IsoDate },
): E[] {
  const readKeys = new Set(read.map(({ key }) => key));
  const kept = before.filter(
    (event) => isUnreadable(event) && !readKeys.has(event.key) && compareDates(event.to, today) > 0,
  );
  return [
    ...read.filter((event) => !isUnreadable(event) || !kept.some((old) => covers(old, event))),
    ...kept,
  ];
}
