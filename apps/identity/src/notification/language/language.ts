import type { MailDraft } from '../../mail/language/language.js';
import type {
  BookingMirror,
  BookingTemplate,
  NotificationFacts,
  PayoutTemplate,
  Side,
} from '../domain/notification.js';

/** The data of a mail about a booking. */
export interface MailContext<T extends BookingTemplate> {
  facts: NotificationFacts[T];
  /** The side of the recipient. */
  side: Side;
  stay: BookingMirror & { nights: number };
  title: string;
  city: string | null;
  /** Null for an erased account. */
  guestName: string | null;
  hostName: string | null;
  format: LocaleFormat;
}

/** The data of a mail about a message, without its text. */
export interface MessageMailContext {
  /** Null for an erased account. */
  senderName: string | null;
  title: string;
  city: string | null;
  bookingId: string | null;
}

/** The data of a mail about a feed of another calendar. */
export interface FeedProblemMailContext {
  feedId: string;
  problem: string;
  title: string;
  city: string | null;
}

/** The data of a mail about payouts. */
export interface PayoutMailContext<T extends PayoutTemplate> {
  facts: NotificationFacts[T];
  format: LocaleFormat;
}

/** Formats amounts, dates and times for the recipient. */
export interface LocaleFormat {
  money(amountMinor: number, currency: string): string;
  date(date: string): string;
  /** The time of day in a time zone. */
  time(at: Date, timeZone: string): string;
  /** The date in a time zone. */
  dateOf(at: Date, timeZone: string): string;
}

/** The texts of the notifications in a language. The texts that all mails have are in `mail/language`. */
export interface NotificationTexts {
  bookingMails: { [T in BookingTemplate]: (context: MailContext<T>) => MailDraft };
  messageMail(context: MessageMailContext): MailDraft;
  feedProblemMail(context: FeedProblemMailContext): MailDraft;
  payoutMails: { [T in PayoutTemplate]: (context: PayoutMailContext<T>) => MailDraft };
}
