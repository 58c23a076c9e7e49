import { type Guests, type PricedStay, sameGuests } from '@roost/pricing';
import { addDays, addHours, addMinutes, type IsoDate, localInstant } from '@roost/stay';
import { type BookedStay, nightsStayedAt } from '../../../terms/domain/booked-stay.js';
import type { RequestedStay } from '../../../terms/domain/requested-stay.js';

/** Omitted fields do not change. */
export interface RequestedChange {
  checkInDate?: IsoDate | undefined;
  checkOutDate?: IsoDate | undefined;
  guests?: Guests | undefined;
}

export function changedStay(stay: RequestedStay, change: RequestedChange): RequestedStay {
  return {
    checkInDate: change.checkInDate ?? stay.checkInDate,
    checkOutDate: change.checkOutDate ?? stay.checkOutDate,
    guests: change.guests ?? stay.guests,
  };
}

type StayDates = Pick<RequestedStay, 'checkInDate' | 'checkOutDate'>;

export const sameDates = (a: StayDates, b: StayDates): boolean =>
  a.checkInDate === b.checkInDate && a.checkOutDate === b.checkOutDate;

export const isSameStay = (a: RequestedStay, b: RequestedStay): boolean =>
  sameDates(a, b) && sameGuests(a.guests, b.guests);

/**
 * Nights that have begun can't be released: after check-in the check-in date is fixed, and the stay ends no earlier than
 * the last night that has begun. Returns null if `next` keeps these nights, otherwise the earliest possible check-out.
 */
export function violatedCheckOutLimit(stay: BookedStay, next: StayDates, at: Date): IsoDate | null {
  const stayed = nightsStayedAt(stay, at);
  if (stayed === 0) return null;
  const earliestCheckOut = addDays(stay.checkInDate, stayed);
  const keeps = next.checkInDate === stay.checkInDate && next.checkOutDate >= earliestCheckOut;
  return keeps ? null : earliestCheckOut;
}

export interface ChangeLimits {
  responseHours: number;
  paymentMinutes: number;
}

/** The deadline for the response. It is never after the instants that the change affects. */
export function respondBy(stay: BookedStay, next: NextStay, now: Date, limits: ChangeLimits): Date {
  return earliest([addHours(now, limits.responseHours), ...bounds(stay, next, now)]);
}

/** The deadline for the payment, within the same bounds. */
export function payBy(stay: BookedStay, next: NextStay, now: Date, limits: ChangeLimits): Date {
  return earliest([addMinutes(now, limits.paymentMinutes), ...bounds(stay, next, now)]);
}

type NextStay = StayDates & { checkInAt: Date };

/** Before check-in, the check-in under both terms; afterwards, the check-out and the first night that would be released. */
function bounds(stay: BookedStay, next: NextStay, now: Date): Date[] {
  if (stay.checkInAt > now) return [stay.checkInAt, next.checkInAt];
  const isShorter = next.checkOutDate < stay.checkOutDate;
  return [stay.checkOutAt, ...(isShorter ? [localInstant(next.checkOutDate, '00:00', stay.timeZone)] : [])];
}

/** A change needs no acceptance if only the guests change, and no line of the price. */
export function isAutoApplied(
  stay: RequestedStay,
  next: RequestedStay,
  price: PricedStay,
  nextPrice: PricedStay,
): boolean {
  return sameDates(stay, next) && samePrice(price, nextPrice);
}

/** Compares the lines and the host's payout. */
function samePrice(a: PricedStay, b: PricedStay): boolean {
  return (
    a.hostPayoutMinor === b.hostPayoutMinor &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, order) => {
      const other = b.lines[order];
      return (
        line.kind === other?.kind &&
        line.date === other.date &&
        line.label === other.label &&
        line.amountMinor === other.amountMinor
      );
    })
  );
}

const earliest = (instants: [Date, ...Date[]]): Date => instants.reduce((a, b) => (b < a ? b : a));
