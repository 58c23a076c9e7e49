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
