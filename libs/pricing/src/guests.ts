import type { Guests } from './rules.js';

const INFANTS_ARE_UNDER = 2;

/** Adults and children: those who count for capacity, extra guests and taxes. */
export function countedGuests(guests: Guests): number {
  return taxedGuests(guests, null);
}

/** Those counted who are not exempt by age. */
export function taxedGuests(guests: Guests, exemptUnderAge: number | null): number {
  const youngest = Math.max(INFANTS_ARE_UNDER, exemptUnderAge ?? 0);
  return guests.adults + guests.children.filter(({ age }) => age >= youngest).length;
}

/** The same party: children are told apart by their ages, in whatever order. */
export function sameGuests(a: Guests, b: Guests): boolean {
  const ages = (guests: Guests) => guests.children.map(({ age }) => age).toSorted((x, y) => x - y);
  return (
    a.adults === b.adults && a.infants === b.infants && a.pets === b.pets && ages(a).join() === ages(b).join()
  );
}
