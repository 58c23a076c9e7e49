import { minNightsOn, priceNight, type PriceRules, type StayRules } from '@roost/pricing';
import { addMonths, compareDates, nights, type IsoDate } from '@roost/stay';

export type Reason = 'booking' | 'hold' | 'preparation' | 'block' | 'import' | 'linked' | 'past' | 'window';

export interface Occupied {
  from: IsoDate;
  to: IsoDate;
  reason: Reason;
  bookingId: string | null;
  blockId: string | null;
}

export interface DayView {
  date: IsoDate;
  available: boolean;
  minNights: number;
  priceMinor: number;
  reason: Reason | null;
  bookingId: string | null;
  blockId: string | null;
}

/** One day per night of `[from, to)`. If a night has several reasons, the first in `occupied` applies. */
export function calendarView(view: {
  from: IsoDate;
  to: IsoDate;
  today: IsoDate;
  pricing: PriceRules;
  stayRules: StayRules;
  occupied: readonly Occupied[];
}): DayView[] {
  const lastCheckIn = addMonths(view.today, view.stayRules.bookingWindowMonths);
  const occupiedBy = new Map<IsoDate, Occupied>();
  for (const range of view.occupied) {
    for (const date of nights(range.from, range.to)) if (!occupiedBy.has(date)) occupiedBy.set(date, range);
  }
  return nights(view.from, view.to).map((date) => {
    const range = occupiedBy.get(date);
    const reason = range?.reason ?? outsideWindow(date, view.today, lastCheckIn);
    return {
      date,
      available: reason === null,
      minNights: minNightsOn(view.stayRules, date),
      priceMinor: priceNight(view.pricing, date),
      reason,
      bookingId: range?.bookingId ?? null,
      blockId: range?.blockId ?? null,
    };
  });
}

function outsideWindow(date: IsoDate, today: IsoDate, lastCheckIn: IsoDate): 'past' | 'window' | null {
  if (compareDates(date, today) < 0) return 'past';
  return compareDates(date, lastCheckIn) > 0 ? 'window' : null;
}
