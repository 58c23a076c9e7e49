import type { Guests } from '@roost/pricing';
import { fr } from '../../mail/language/french.js';
import type { MailDraft } from '../../mail/language/language.js';
import type { BookingTemplate } from '../domain/notification.js';
import type { MailContext } from './language.js';

export type Row = MailDraft['details'][number];
export type AnyContext = MailContext<BookingTemplate>;

export const OPEN_BOOKING = 'Afficher la réservation';
export const NOT_CHARGED =
  'Aucun montant ne vous est débité. Si une somme a déjà été bloquée ou payée, elle vous est restituée en totalité.';
export const REFUND_TIME = 'Selon votre banque, un remboursement met généralement quelques jours à arriver.';

export const guestOf = ({ guestName }: AnyContext) => guestName ?? 'votre voyageur';
export const hostOf = ({ hostName }: AnyContext) => hostName ?? 'votre hôte';
/** For the start of a sentence. A name is never capitalized. */
export const theGuest = ({ guestName }: AnyContext) => guestName ?? 'Votre voyageur';
export const theHost = ({ hostName }: AnyContext) => hostName ?? 'Votre hôte';

/** “de”, elided before a vowel. Before “h” and “y” both forms occur; “de” is understood with each name. */
export const de = (name: string) => (/^[aeiouœæ]/i.test(name.normalize('NFD')) ? `d’${name}` : `de ${name}`);

/** The title of a listing in guillemets. */
export const quoted = (title: string) => fr`« ${title} »`;

/** Numbers below two are singular. */
export const count = (number: number, one: string, many = `${one}s`) =>
  `${number}\u00a0${number < 2 ? one : many}`;

export function guestCounts({ adults, children, infants, pets }: Guests): string {
  return [
    count(adults, 'adulte'),
    ...(children.length > 0 ? [count(children.length, 'enfant')] : []),
    ...(infants > 0 ? [count(infants, 'bébé')] : []),
    ...(pets > 0 ? [count(pets, 'animal', 'animaux')] : []),
  ].join(', ');
}

export const placeRow = ({ title, city }: Pick<AnyContext, 'title' | 'city'>): Row => [
  'Logement',
  city === null ? title : `${title}, ${city}`,
];

export const dateRows = ({ stay, format }: AnyContext): Row[] => [
  ['Arrivée', `${format.date(stay.checkInDate)}, à partir de ${format.time(stay.checkInAt, stay.timeZone)}`],
  ['Départ', `${format.date(stay.checkOutDate)}, avant ${format.time(stay.checkOutAt, stay.timeZone)}`],
  ['Nuits', String(stay.nights)],
];

export const bookingRow = ({ stay }: AnyContext): Row => ['Réservation', stay.bookingId];

/** Place, dates, guests and booking. */
export const stayRows = (context: AnyContext): Row[] => [
  placeRow(context),
  ...dateRows(context),
  ['Voyageurs', guestCounts(context.stay.guests)],
  bookingRow(context),
];

export const totalRow = (context: AnyContext, label = 'Total'): Row =>
  moneyRow(context, label, context.stay.totalMinor);

export const payoutRow = (context: AnyContext): Row =>
  moneyRow(context, 'Votre versement', context.stay.hostPayoutMinor);

export const moneyRow = ({ stay, format }: AnyContext, label: string, amountMinor: number): Row => [
  label,
  format.money(amountMinor, stay.currency),
];

/** Date and time in the time zone of the place. */
export const instant = ({ stay, format }: AnyContext, at: string): string =>
  `${format.dateOf(new Date(at), stay.timeZone)}, ${format.time(new Date(at), stay.timeZone)} (${stay.timeZone})`;
