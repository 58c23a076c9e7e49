/** What a host did in the last 365 days. */
export interface HostYear {
  readonly completedStays: number;
  readonly completedNights: number;
  readonly hostCancellations: number;
  readonly responsesDue: number;
  readonly responsesInTime: number;
  /** The visible reviews by guests that were published in this time, and the sum of their overall ratings. */
  readonly ratings: number;
  readonly overallSum: number;
}

/** The fewest responses from which a rate or a median is shown. */
const MIN_RESPONSES = 5;

/**
 * The rule of docs/domain.md §6. All comparisons are of integers. A host without responses due has missed none.
 */
export function isSuperhost(year: HostYear): boolean {
  const { completedStays, completedNights, hostCancellations, ratings, overallSum } = year;
  const hasEnoughStays = completedStays >= 10 || (completedStays >= 3 && completedNights >= 100);
  const isRatedWell = ratings > 0 && overallSum * 10 >= ratings * 48;
  const responds = year.responsesInTime * 10 >= year.responsesDue * 9;
  const cancelsRarely = hostCancellations * 100 < completedStays + hostCancellations;
  return hasEnoughStays && isRatedWell && responds && cancelsRarely;
}

/** The share of responses in time, rounded down to hundredths; null if there are too few. */
export function responseRate({
  responsesDue,
  responsesInTime,
}: Pick<HostYear, 'responsesDue' | 'responsesInTime'>): number | null {
  return responsesDue < MIN_RESPONSES ? null : Math.floor((responsesInTime * 100) / responsesDue) / 100;
}

/** Null if there are too few responses. */
export function shownResponseMinutes(responsesDue: number, medianMinutes: number | null): number | null {
  return responsesDue < MIN_RESPONSES ? null : medianMinutes;
}
