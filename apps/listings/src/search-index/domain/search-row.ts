import type { StayRules } from '@roost/pricing';

const APOSTROPHES = /[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02c8\u2032\u2035\uff07`\u00b4]/gu;

/** The form in which cities are compared: case, accents, spacing and the kind of apostrophes and dashes are ignored. */
export function cityKey(city: string): string {
  return city
    .replace(APOSTROPHES, "'")
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim();
}

/** The smallest minimum stay that the rules allow on any day, in nights. Lets the database exclude shorter stays. */
export function smallestMinNights(rules: StayRules): number {
  return Math.min(
    rules.minNights,
    ...Object.values(rules.minNightsByWeekday).filter((nights) => nights !== undefined),
    ...rules.minNightsOverrides.map(({ minNights }) => minNights),
  );
}

/** The smallest `rating_order` of a displayed mean of at least `mean` stars. */
export function ratingOrder(mean: number): number {
  // Rounds away the error of binary fractions: 4.35 * 100 is slightly less than 435.
  return Math.ceil(Math.round(mean * 1e6) / 1e4) * 1_000_000;
}

/** The completeness of a listing's presentation, 0 to 100: the default order of search results. */
export function score(listing: {
  readonly description: string;
  readonly photos: readonly unknown[];
  readonly amenities: readonly unknown[];
  readonly bookingMode: 'instant' | 'request';
}): number {
  return (
    Math.min(listing.photos.length, 10) * 4 +
    Math.min(listing.amenities.length, 20) +
    Math.min(Math.floor(listing.description.length / 50), 20) +
    (listing.bookingMode === 'instant' ? 20 : 0)
  );
}
