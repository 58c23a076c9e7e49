import { addDays, compareDates, type DateRange, type IsoDate } from '@roost/stay';

/** What can be read of the dates of an event without a UID. */
export interface KnownDates {
  from: IsoDate | null;
  to: IsoDate | null;
}

/**
 * Whether an earlier event without a UID may be this one. Of an event without any readable date, every one may be: this is
 * the last resort, and keeps also the nights of those that were deleted meanwhile.
 */
export function mayBe(earlier: DateRange, { from, to }: KnownDates): boolean {
  const isOneDay = earlier.from === to && earlier.to === addDays(earlier.from, 1);
  return (from === null || earlier.from === from) && (to === null || earlier.to === to || isOneDay);
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
