import { formatMoney } from '@roost/money';
import { localTime } from '@roost/stay';
import type { LocaleFormat } from './language.js';

/** Formats for the region of the locale if it has the language of the mail, otherwise for that language. */
export function localeFormat(locale: string, language: { tag: string }): LocaleFormat {
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

/** The language of a tag: `pt` for `pt-BR`. */
export const baseOf = (tag: string) => tag.split('-')[0];
