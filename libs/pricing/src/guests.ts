import type { Guests } from './rules.js';

const INFANT_UNDER_AGE = 2;

/** The number of adults and children, for capacity, extra guests and taxes. Infants never count. */
export function countedGuests(guests: Guests): number {
  return taxedGuests(guests, null);
}

/** The counted guests that are not exempt from a tax by age. */
export function taxedGuests(guests: Guests, exemptUnderAge: number | null): number {
  const minimumAge = Math.max(INFANT_UNDER_AGE, exemptUnderAge ?? 0);
  return guests.adults + guests.children.filter(({ age }) => age >= minimumAge).length;
}

/** Whether both have the same numbers of guests and the same ages of children, in any order. */
export function sameGuests(a: Guests, b: Guests): boolean {
  const ages = (guests: Guests) => guests.children.map(({ age }) => age).toSorted((x, y) => x - y);
  return (
    a.adults === b.adults && a.infants === b.infants && a.pets === b.pets && ages(a).join() === ages(b).join()
  );
}
