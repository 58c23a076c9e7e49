import type { ClientPage } from '@roost/platform';
import type { ClientLinks } from './client-links.js';
import type { AccountMail, AccountMailTemplate } from './language/language.js';
import { mailLocaleOf, mailTexts } from './language/languages.js';
import { type MailContent, renderMail } from './mail-content.js';

/** The client's page that each mail links to. */
const PAGES: Record<AccountMailTemplate, ClientPage> = {
  'verify-email': 'verify-email',
  'already-registered': 'log-in',
  'reset-password': 'reset-password',
  'password-changed': 'forgot-password',
  'mfa-enabled': 'forgot-password',
  'mfa-removed': 'forgot-password',
  'passkey-added': 'forgot-password',
  'passkey-removed': 'forgot-password',
  'identity-linked': 'forgot-password',
  'identity-unlinked': 'forgot-password',
  'email-change-old': 'confirm-email-change',
  'email-change-new': 'confirm-email-change',
  'email-taken': 'log-in',
  'email-changed': 'contact',
  'export-ready': 'log-in',
};

type TokenMail = {
  [T in AccountMailTemplate]: AccountMail[T] extends { token: string } ? T : never;
}[AccountMailTemplate];

const TOKEN_MAILS: Record<TokenMail, true> = {
  'verify-email': true,
  'reset-password': true,
  'email-change-old': true,
  'email-change-new': true,
};

/** Whether mails of a template have a link or a code that expires. */
export const hasToken = (template: string): boolean => Object.hasOwn(TOKEN_MAILS, template);

/** The reader of a mail. `displayName` is null if the name of the reader is not known. */
export interface AccountMailReader {
  displayName: string | null;
  locale: string;
}

/** Renders a mail about an account in the reader's language. */
export function renderAccountMail<T extends AccountMailTemplate>(
  template: T,
  data: AccountMail[T],
  { displayName, locale }: AccountMailReader,
  links: Pick<ClientLinks, 'to'>,
): MailContent {
  const mailLocale = mailLocaleOf(locale);
  const url = links.to(PAGES[template], 'token' in data ? { token: String(data.token) } : {});
  const draft = mailTexts[mailLocale].accountMails[template](data);
  return renderMail(draft, { locale: mailLocale, name: displayName, url });
}
