import { LOCALES, type MailLocale } from '@roost/contracts';
import { english } from './en.js';
import { french } from './fr.js';
import type { MailTexts } from './language.js';

export const mailTexts: Record<MailLocale, MailTexts> = { en: english, fr: french };

/** The locale of the mails to a user with this locale: itself, otherwise its language (`fr` for `fr-CA`), otherwise the default. */
export const mailLocaleOf = (locale: string): MailLocale => find(locale) ?? LOCALES[0];

/** Whether mails are written in the language of the locale. */
export const hasMails = (locale: string): boolean => find(locale) !== undefined;

const find = (locale: string): MailLocale | undefined =>
  LOCALES.find((each) => each === locale) ?? LOCALES.find((each) => each === baseOf(locale));

/** The language of a tag: `pt` for `pt-BR`. */
const baseOf = (tag: string) => tag.split('-')[0];
