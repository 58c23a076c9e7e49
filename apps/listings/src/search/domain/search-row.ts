import type { StayRules } from '@roost/pricing';

/** Cities are compared without regard to case, accents and spacing. */
export function cityKey(city: string): string {
  return city.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/gu, ' ').trim();
}

/** No stay shorter than this passes the rules on any day: lets the database leave out what can't match. */
export function leastNights(rules: StayRules): number {
  return Math.min(
    rules.minNights,
    ...Object.values(rules.minNightsByWeekday).filter((fewest) => fewest !== undefined),
    ...rules.minNightsOverrides.map(({ minNights }) => minNights),
  );
}

/** The least `rating_order` of a mean that is shown as this or more. */
export function ratingOrder(mean: number): number {
  // Of a decimal such as 4.35, which times 100 is a little less than 435.
  return Math.ceil(Math.round(mean * 1e6) / 1e4) * 1_000_000;
}

/** How well a listing presents itself, 0 to 100: the default order until guests have rated it. */
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
