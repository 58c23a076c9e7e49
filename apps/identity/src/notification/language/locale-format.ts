import { formatMoney } from '@roost/money';
import { hasMails, mailLocaleOf } from '../../mail/language/languages.js';
import type { LocaleFormat } from './language.js';

/** Formats for the region of the locale if its mails are in its language, otherwise for the language of the mails. */
export function localeFormat(locale: string): LocaleFormat {
  const tag = hasMails(locale) ? locale : mailLocaleOf(locale);
  const inZone = (timeZone: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag, { timeZone, ...options });
  const day: Intl.DateTimeFormatOptions = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return {
    money: (amountMinor, currency) => formatMoney(amountMinor, currency, tag),
    date: (date) => inZone('UTC', day).format(new Date(`${date}T00:00:00Z`)),
    time: (at, timeZone) => inZone(timeZone, time).format(at),
    dateOf: (at, timeZone) => inZone(timeZone, day).format(at),
  };
}
