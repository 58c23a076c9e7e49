import { addDuration, localDate } from '@roost/stay';

/** The end of the review window: `days` calendar days after check-out, in the time zone of the listing. */
export function windowEnd(stay: { checkOutAt: string; timeZone: string }, days: number): Date {
  return addDuration(new Date(stay.checkOutAt), `P${days}D`, stay.timeZone);
}

/** Whether a cancelled stay may be reviewed: the host cancelled it on or after the check-in date. */
export function isReviewableCancellation(
  booking: { by: 'guest' | 'host' | 'admin'; checkInDate: string; timeZone: string },
  cancelledAt: Date,
): boolean {
  return booking.by === 'host' && localDate(cancelledAt, booking.timeZone) >= booking.checkInDate;
}
