import { compareDates, type DateRange, type IsoDate } from '@roost/stay';

const covers = (outer: DateRange, inner: DateRange): boolean =>
  compareDates(outer.from, inner.from) <= 0 && compareDates(inner.to, outer.to) <= 0;

/**
 * The events of a feed after a read in which the dates of some UIDs could not be read. Those UIDs keep the nights that they
 * had, in addition to what could be read of them: a provider that changes its date format frees no night.
 */
export function withKeptNights<E extends DateRange & { key: string }>(
  before: readonly E[],
  read: readonly E[],
  { isUnreadable, today }: { isUnreadable: (key: string) => boolean; today: IsoDate },
): E[] {
  const readKeys = new Set(read.map(({ key }) => key));
  const kept = before.filter(
    ({ key, to }) => isUnreadable(key) && !readKeys.has(key) && compareDates(to, today) > 0,
  );
  return [
    ...read.filter((event) => !isUnreadable(event.key) || !kept.some((old) => covers(old, event))),
    ...kept,
  ];
}
