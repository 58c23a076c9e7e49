/** The locales of mails, the default first. A user's locale without one of its own receives the default. */
export const LOCALES = ['en', 'fr'] as const;
export type MailLocale = (typeof LOCALES)[number];
