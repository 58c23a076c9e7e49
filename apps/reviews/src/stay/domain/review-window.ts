import { addDuration, localDate } from '@roost/stay';

/** Until when a stay may be reviewed: days of its place, counted from check-out. */
export function windowEnd(stay: { checkOutAt: string; timeZone: string }, days: number): Date {
  return addDuration(new Date(stay.checkOutAt), `P${days}D`, stay.timeZone);
}

/** A stay that its host cancelled may be reviewed when the guest was on the way: from check-in day on. */
export function isReviewableCancellation(
  booking: { by: 'guest' | 'host' | 'admin'; checkInDate: string; timeZone: string },
  cancelledAt: Date,
): boolean {
  return booking.by === 'host' && localDate(cancelledAt, booking.timeZone) >= booking.checkInDate;
}
