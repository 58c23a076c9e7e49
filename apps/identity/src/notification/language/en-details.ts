import type { Guests } from '@roost/pricing';
import type { MailDraft } from '../../mail/language/language.js';
import type { BookingTemplate } from '../domain/notification.js';
import type { MailContext } from './language.js';

export type Row = MailDraft['details'][number];
export type AnyContext = MailContext<BookingTemplate>;

export const OPEN_BOOKING = 'Open the booking';
export const NOT_CHARGED =
  'You are not charged. If an amount was already held or paid, it is returned to you in full.';
export const REFUND_TIME = 'Depending on your bank, a refund usually takes a few days to arrive.';

export const guestOf = ({ guestName }: AnyContext) => guestName ?? 'your guest';
export const hostOf = ({ hostName }: AnyContext) => hostName ?? 'your host';
/** For the start of a sentence. A name is never capitalized. */
export const theGuest = ({ guestName }: AnyContext) => guestName ?? 'Your guest';
export const theHost = ({ hostName }: AnyContext) => hostName ?? 'Your host';

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function guestCounts({ adults, children, infants, pets }: Guests): string {
  return [
    count(adults, 'adult'),
    ...(children.length > 0 ? [count(children.length, 'child', 'children')] : []),
    ...(infants > 0 ? [count(infants, 'infant')] : []),
    ...(pets > 0 ? [count(pets, 'pet')] : []),
  ].join(', ');
}

export const placeRow = ({ title, city }: Pick<AnyContext, 'title' | 'city'>): Row => [
  'Place',
  city === null ? title : `${title}, ${city}`,
];

export const dateRows = ({ stay, format }: AnyContext): Row[] => [
  ['Check-in', `${format.date(stay.checkInDate)}, from ${format.time(stay.checkInAt, stay.timeZone)}`],
  ['Check-out', `${format.date(stay.checkOutDate)}, by ${format.time(stay.checkOutAt, stay.timeZone)}`],
  ['Nights', String(stay.nights)],
];

export const bookingRow = ({ stay }: AnyContext): Row => ['Booking', stay.bookingId];

/** Place, dates, guests and booking. */
export const stayRows = (context: AnyContext): Row[] => [
  placeRow(context),
  ...dateRows(context),
  ['Guests', guestCounts(context.stay.guests)],
  bookingRow(context),
];

export const totalRow = (context: AnyContext, label = 'Total'): Row =>
  moneyRow(context, label, context.stay.totalMinor);

export const payoutRow = (context: AnyContext): Row =>
  moneyRow(context, 'Your payout', context.stay.hostPayoutMinor);

export const moneyRow = ({ stay, format }: AnyContext, label: string, amountMinor: number): Row => [
  label,
  format.money(amountMinor, stay.currency),
];

/** Date and time in the time zone of the place. */
export const instant = ({ stay, format }: AnyContext, at: string): string =>
  `${format.dateOf(new Date(at), stay.timeZone)}, ${format.time(new Date(at), stay.timeZone)} (${stay.timeZone})`;
