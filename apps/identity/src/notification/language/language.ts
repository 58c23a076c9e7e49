import { formatMoney } from '@roost/money';
import { localTime, nightCount } from '@roost/stay';
import type { Facts, Side, Stay, StayTemplate } from '../domain/notification.js';
import { english } from './en.js';

/** One mail before it has a form: the layout makes text and HTML of it. */
export interface Letter {
  subject: string;
  paragraphs: string[];
  /** Shown as a table between the paragraphs and the closing. */
  details: [label: string, value: string][];
  closing: string[];
}

/** What a letter may speak of. */
export interface Told<T extends StayTemplate> {
  facts: Facts[T];
  side: Side;
  stay: Stay & { nights: number };
  title: string;
  city: string | null;
  /** Null for an account that is gone. */
  guestName: string | null;
  hostName: string | null;
  words: Words;
}

/** Who wrote, and about what: never a word of what they wrote. */
export interface ToldOfMessage {
  /** Null for an account that is gone. */
  senderName: string | null;
  title: string;
  city: string | null;
  bookingId: string | null;
}

/** Amounts, dates and times as the reader writes them. */
export interface Words {
  money(amountMinor: number, currency: string): string;
  date(date: string): string;
  /** On the clocks of that place. */
  time(at: Date, timeZone: string): string;
  dateOf(at: Date, timeZone: string): string;
}

/** All that a language has to bring: a file beside this one, and its line in `languages`. */
export interface Language {
  tag: string;
  greeting(name: string): string;
  signature: string;
  /** Below mails that can be turned off. */
  mutable: string;
  letters: { [T in StayTemplate]: (told: Told<T>) => Letter };
  newMessage(told: ToldOfMessage): Letter;
}

const languages: readonly [Language, ...Language[]] = [english];

/** The language of a locale such as `pt-BR`, else the first one. */
export function languageOf(locale: string): Language {
  const base = baseOf(locale);
  return (
    languages.find(({ tag }) => tag === locale) ?? languages.find(({ tag }) => tag === base) ?? languages[0]
  );
}

/** Numbers and dates follow the reader's region where it is one of the language that the mail is written in. */
export function wordsOf(locale: string, language: Language): Words {
  const tag = baseOf(locale) === baseOf(language.tag) ? locale : language.tag;
  const inZone = (timeZone: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag, { timeZone, ...options });
  const day: Intl.DateTimeFormatOptions = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
  return {
    money: (amountMinor, currency) => formatMoney(amountMinor, currency, tag),
    date: (date) => inZone('UTC', day).format(new Date(`${date}T00:00:00Z`)),
    time: (at, timeZone) => localTime(at, timeZone),
    dateOf: (at, timeZone) => inZone(timeZone, day).format(at),
  };
}

export const withNights = (stay: Stay): Told<StayTemplate>['stay'] => ({
  ...stay,
  nights: nightCount(stay.checkInDate, stay.checkOutDate),
});

const baseOf = (tag: string) => tag.split('-')[0];
