import { addDays, addDuration, localInstant } from '@roost/stay';
import type { Facts, Stay, Template } from './notification.js';

const REMINDER_TIME = '09:00';

type Dates = Pick<Stay, 'checkInDate' | 'checkOutDate' | 'timeZone' | 'checkOutAt'>;

/** The morning of the day before check-in, as clocks show it at the place. */
export const checkInReminderAt = (stay: Dates): Date =>
  localInstant(addDays(stay.checkInDate, -1), REMINDER_TIME, stay.timeZone);

/** The morning after check-out. */
export const reviewReminderAt = (stay: Dates): Date =>
  localInstant(addDays(stay.checkOutDate, 1), REMINDER_TIME, stay.timeZone);

export const reviewWindowEnd = (stay: Dates, days: number): Date =>
  addDuration(stay.checkOutAt, `P${days}D`, stay.timeZone);

export type Standing = 'to-tell' | 'withdrawn' | 'outdated';

/** Whether a mail that is due still tells its reader something true and of use. */
export function standing(
  template: Template,
  facts: Partial<Facts['review-reminder']>,
  stay: Stay,
  now: Date,
): Standing {
  switch (template) {
    case 'check-in-reminder':
      if (stay.state !== 'confirmed') return 'withdrawn';
      return now < stay.checkInAt ? 'to-tell' : 'outdated';
    case 'review-reminder':
      if (stay.state !== 'completed') return 'withdrawn';
      return facts.closesAt === undefined || now < new Date(facts.closesAt) ? 'to-tell' : 'outdated';
    case 'booking-change-proposed':
    case 'booking-change-to-pay':
      return facts.closesAt === undefined || now < new Date(facts.closesAt) ? 'to-tell' : 'outdated';
    case 'booking-requested':
    case 'booking-confirmed':
      return now < stay.checkOutAt ? 'to-tell' : 'outdated';
    default:
      return 'to-tell';
  }
}
