import { type IsoDate, addDays, localInstant, nightCount } from '@roost/stay';

/** The terms of a stay that determine its refunds (docs/domain.md §3). All amounts are minor units of the booking's currency. */

export const CANCELLATION_POLICIES = ['flexible', 'moderate', 'limited', 'firm', 'strict'] as const;
export type CancellationPolicy = (typeof CANCELLATION_POLICIES)[number];

export interface BookedTax {
  kind: 'percent' | 'per_night' | 'per_guest' | 'per_guest_night';
  amountMinor: number;
  /** Only these first nights are taxed. Omitted: all nights. */
  taxedNights?: number;
}

/** The price for the guest, as returned by `priceStay`, with the host fee at the time of the quote. */
export interface BookedPrice {
  /** One per night, in order; after the discount, without extra-guest fees. */
  nights: readonly { amountMinor: number }[];
  /** For the whole stay; the same for each night. */
  extraGuestMinor: number;
  cleaningMinor: number;
  /** The guest's fee to the marketplace. */
  serviceFeeMinor: number;
  taxes: readonly BookedTax[];
  hostFeeBps: number;
  /** Charges and refunds are multiples of it. Omitted: 1. */
  chargeStepMinor?: number;
}

/** The terms that are frozen when a booking is created; the terms of a quote or a booking have this type. */
export interface BookedStay {
  cancellationPolicy: CancellationPolicy;
  timeZone: string;
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  /** `HH:MM` local. */
  checkInFrom: string;
  checkInAt: Date;
  checkOutAt: Date;
  currency: string;
  price: BookedPrice;
}

/** The instant from which a night counts as stayed: for the first the check-in, for a later one its midnight. */
export function nightStart(stay: BookedStay, night: number): Date {
  if (night === 0) return stay.checkInAt;
  return localInstant(addDays(stay.checkInDate, night), '00:00', stay.timeZone);
}

/** The number of nights that have begun. */
export function nightsStayedAt(stay: BookedStay, at: Date): number {
  let [stayed, notYet] = [0, nightCount(stay.checkInDate, stay.checkOutDate) + 1];
  while (notYet - stayed > 1) {
    const middle = Math.floor((stayed + notYet) / 2);
    if (nightStart(stay, middle - 1) <= at) stayed = middle;
    else notYet = middle;
  }
  return stayed;
}
