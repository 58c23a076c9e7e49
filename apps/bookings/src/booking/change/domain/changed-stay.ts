import { type Guests, type PricedStay, sameGuests } from '@roost/pricing';
import { addDays, addHours, addMinutes, type IsoDate, localInstant } from '@roost/stay';
import { type BookedStay, nightsStayedAt } from '../../../terms/domain/cancellation.js';

/** What somebody wants changed; the rest stays. */
export interface WantedChange {
  checkInDate?: IsoDate | undefined;
  checkOutDate?: IsoDate | undefined;
  guests?: Guests | undefined;
}

export interface Stay {
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  guests: Guests;
}

export function changedStay(stay: Stay, wanted: WantedChange): Stay {
  return {
    checkInDate: wanted.checkInDate ?? stay.checkInDate,
    checkOutDate: wanted.checkOutDate ?? stay.checkOutDate,
    guests: wanted.guests ?? stay.guests,
  };
}

type Dates = Pick<Stay, 'checkInDate' | 'checkOutDate'>;

export const sameDates = (a: Dates, b: Dates): boolean =>
  a.checkInDate === b.checkInDate && a.checkOutDate === b.checkOutDate;

export const isSameStay = (a: Stay, b: Stay): boolean => sameDates(a, b) && sameGuests(a.guests, b.guests);

/**
 * Nights that have begun can't be given back: from check-in on the first night stays the first, and the stay ends
 * no earlier than the night that has begun last. Null: it gives none back; else the earliest check-out.
 */
export function givesBackStayedNights(stay: BookedStay, next: Dates, at: Date): IsoDate | null {
  const stayed = nightsStayedAt(stay, at);
  if (stayed === 0) return null;
  const earliestCheckOut = addDays(stay.checkInDate, stayed);
  const keeps = next.checkInDate === stay.checkInDate && next.checkOutDate >= earliestCheckOut;
  return keeps ? null : earliestCheckOut;
}

export interface ChangeLimits {
  answerHours: number;
  paymentMinutes: number;
}

/** The time to answer, and never so long that the change would come after what it changes. */
export function answerBy(stay: BookedStay, next: NextStay, now: Date, limits: ChangeLimits): Date {
  return earliest([addHours(now, limits.answerHours), ...bounds(stay, next, now)]);
}

/** The time to pay, within the same bounds. */
export function payBy(stay: BookedStay, next: NextStay, now: Date, limits: ChangeLimits): Date {
  return earliest([addMinutes(now, limits.paymentMinutes), ...bounds(stay, next, now)]);
}

type NextStay = Dates & { checkInAt: Date };

/** Check-in under either terms; in stay the check-out, and the first night that would be given back. */
function bounds(stay: BookedStay, next: NextStay, now: Date): Date[] {
  if (stay.checkInAt > now) return [stay.checkInAt, next.checkInAt];
  const givesBack = next.checkOutDate < stay.checkOutDate;
  return [stay.checkOutAt, ...(givesBack ? [localInstant(next.checkOutDate, '00:00', stay.timeZone)] : [])];
}

/** Nobody has to be asked: only the guests change, and not a line of the price with them. */
export function isAutoApplied(stay: Stay, next: Stay, price: PricedStay, nextPrice: PricedStay): boolean {
  return sameDates(stay, next) && samePrice(price, nextPrice);
}

/** Line by line, and for the host. */
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
