import { hasMails } from '../mail/language/languages.js';
import { Locale } from './user.dto.js';

/** The header of requests that create an account. */
export const ACCEPT_LANGUAGE = {
  name: 'Accept-Language',
  required: false,
  schema: { type: 'string' },
  description:
    'The languages of the user. The account gets the preferred one that mails are written in as its `locale`.',
};

/** The first of the accepted languages that mails are written in. */
export const firstMailLocale = (languages: readonly string[]): string | undefined =>
  languages.find((tag) => hasMails(tag) && Locale.safeParse(tag).success);
