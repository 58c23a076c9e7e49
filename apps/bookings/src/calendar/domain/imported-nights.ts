import { compareDates, type DateRange, mergeRanges, type IsoDate } from '@roost/stay';

export interface ImportedNights {
  /** Nights that the import blocks. */
  blocking: DateRange[];
  /** Nights that stays have: stored, but they block nothing. */
  covered: DateRange[];
}

/**
 * Splits the nights that are unavailable elsewhere by the stays here. Most nights that overlap a stay come from our own
 * exported calendar, and dates alone do not show which.
 */
export function importedNights(
  unavailable: readonly DateRange[],
  stays: readonly DateRange[],
): ImportedNights {
  const merged = mergeRanges(stays);
  const blocking: DateRange[] = [];
  const covered: DateRange[] = [];
  for (const range of mergeRanges(unavailable)) {
    let from = range.from;
    for (const stay of merged) {
      if (compareDates(stay.to, from) <= 0 || compareDates(stay.from, range.to) >= 0) continue;
      if (compareDates(from, stay.from) < 0) blocking.push({ from, to: stay.from });
      const start = later(from, stay.from);
      from = earlier(stay.to, range.to);
      covered.push({ from: start, to: from });
    }
    if (compareDates(from, range.to) < 0) blocking.push({ from, to: range.to });
  }
  return { blocking, covered };
}

const later = (a: IsoDate, b: IsoDate): IsoDate => (compareDates(a, b) > 0 ? a : b);
const earlier = (a: IsoDate, b: IsoDate): IsoDate => (compareDates(a, b) < 0 ? a : b);
