import { addDays, addDuration, localInstant } from '@roost/stay';
import {
  type BookingMirror,
  hostWasNotified,
  type NotificationFacts,
  type Template,
} from './notification.js';

/** Local time at the place. */
const REMINDER_TIME = '09:00';

type StayDates = Pick<BookingMirror, 'checkInDate' | 'checkOutDate' | 'timeZone' | 'checkOutAt'>;

/** The morning of the day before check-in, in the time zone of the place. */
export const checkInReminderAt = (stay: StayDates): Date =>
  localInstant(addDays(stay.checkInDate, -1), REMINDER_TIME, stay.timeZone);

/** The morning of the day after check-out, in the time zone of the place. */
export const reviewReminderAt = (stay: StayDates): Date =>
  localInstant(addDays(stay.checkOutDate, 1), REMINDER_TIME, stay.timeZone);

export const reviewWindowEnd = (stay: StayDates, days: number): Date =>
  addDuration(stay.checkOutAt, `P${days}D`, stay.timeZone);

export type Relevance = 'relevant' | 'withdrawn' | 'outdated';

/** Whether the content of a due notification is still true and of use. */
export function relevanceOf(
  template: Template,
  facts: Partial<NotificationFacts['review-reminder']>,
  booking: BookingMirror,
  now: Date,
): Relevance {
  switch (template) {
    case 'check-in-reminder':
      if (booking.state !== 'confirmed') return 'withdrawn';
      return now < booking.checkInAt ? 'relevant' : 'outdated';
    case 'review-reminder':
      if (booking.state !== 'completed') return 'withdrawn';
      return facts.closesAt === undefined || now < new Date(facts.closesAt) ? 'relevant' : 'outdated';
    case 'booking-change-proposed':
    case 'booking-change-to-pay':
      return facts.closesAt === undefined || now < new Date(facts.closesAt) ? 'relevant' : 'outdated';
    case 'booking-requested':
    case 'booking-confirmed':
      return now < booking.checkOutAt ? 'relevant' : 'outdated';
    case 'payment-disputed':
    case 'dispute-closed':
      return hostWasNotified(booking.state) ? 'relevant' : 'withdrawn';
    default:
      return 'relevant';
  }
}
