import { compareDates, mergeRanges, type IsoDate } from '@roost/stay';

export interface DateRange {
  from: IsoDate;
  to: IsoDate;
}

export interface ImportedNights {
  /** Nobody else may have them. */
  blocking: DateRange[];
  /** Taken by stays of our own: kept, but they block nothing. */
  covered: DateRange[];
}

/**
 * What is unavailable elsewhere, apart from what our own stays take: most of that is our own calendar coming back, and
 * of nights alone nobody can tell the rest from it.
 */
export function importedNights(
  unavailable: readonly DateRange[],
  stays: readonly DateRange[],
): ImportedNights {
  const taken = mergeRanges(stays);
  const blocking: DateRange[] = [];
  const covered: DateRange[] = [];
  for (const run of mergeRanges(unavailable)) {
    let from = run.from;
    for (const stay of taken) {
      if (compareDates(stay.to, from) <= 0 || compareDates(stay.from, run.to) >= 0) continue;
      if (compareDates(from, stay.from) < 0) blocking.push({ from, to: stay.from });
      const begin = later(from, stay.from);
      from = earlier(stay.to, run.to);
      covered.push({ from: begin, to: from });
    }
    if (compareDates(from, run.to) < 0) blocking.push({ from, to: run.to });
  }
  return { blocking, covered };
}

const later = (a: IsoDate, b: IsoDate): IsoDate => (compareDates(a, b) > 0 ? a : b);
const earlier = (a: IsoDate, b: IsoDate): IsoDate => (compareDates(a, b) < 0 ? a : b);
