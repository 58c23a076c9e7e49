import { escapeHtml, htmlPage, type MailContent } from './mail-content.js';

interface Template {
  subject: string;
  /** Paragraphs before the code. */
  before: string[];
  code?: string;
  /** Paragraphs after the code. */
  after: string[];
}

interface Recipient {
  displayName: string;
}

/** The data of each mail about an account. */
export interface AccountMail {
  'verify-email': Recipient & { token: string };
  'already-registered': Recipient;
  'reset-password': Recipient & { token: string };
  'password-changed': Recipient;
  'mfa-enabled': Recipient;
  'email-change-old': Recipient & { token: string; newEmail: string };
  'email-change-new': Recipient & { token: string; newEmail: string };
  'email-taken': Recipient;
  'email-changed': Recipient & { newEmail: string };
  'mfa-removed': Recipient;
}

export type AccountMailTemplate = keyof AccountMail;

const RESET_AT_ONCE =
  'If this was not you, reset your password now with “Forgot password”. This ends all sessions.';

const templates: { [T in AccountMailTemplate]: (data: AccountMail[T]) => Template } = {
  'verify-email': ({ displayName, token }) => ({
    subject: 'Confirm your mail address',
    before: [
      `Hello ${displayName},`,
      'welcome to Roost. To confirm that this is your mail address, enter this code:',
    ],
    code: token,
    after: ['The code expires in 24 hours. If you did not register, you can ignore this mail.'],
  }),
  'already-registered': ({ displayName }) => ({
    subject: 'You already have an account',
    before: [
      `Hello ${displayName},`,
      'someone, probably you, tried to register with this mail address. It already has an account.',
    ],
    after: ['Log in with your password, or reset it with “Forgot password”.'],
  }),
  'reset-password': ({ displayName, token }) => ({
    subject: 'Choose a new password',
    before: [`Hello ${displayName},`, 'you requested a new password. To choose one, enter this code:'],
    code: token,
    after: [
      'The code expires in one hour. If you did not request it, you can ignore this mail: your password does not change.',
    ],
  }),
  'password-changed': ({ displayName }) => ({
    subject: 'Your password was changed',
    before: [`Hello ${displayName},`, 'the password of your account was changed.'],
    after: [RESET_AT_ONCE],
  }),
  'email-change-old': ({ displayName, token, newEmail }) => ({
    subject: 'Do you want to change your mail address?',
    before: [
      `Hello ${displayName},`,
      `you requested to change the mail address of your account to ${newEmail}. To confirm the change, enter this code:`,
    ],
    code: token,
    after: [
      'The code expires in 24 hours. If you did not request the change, do not enter the code, and reset your password.',
    ],
  }),
  'email-change-new': ({ displayName, token }) => ({
    subject: 'Confirm your new mail address',
    before: [`Hello ${displayName},`, 'to confirm that this is your new mail address, enter this code:'],
    code: token,
    after: ['The code expires in 24 hours. If you did not request the change, you can ignore this mail.'],
  }),
  'email-taken': () => ({
    subject: 'This mail address already has an account',
    before: [
      'Hello,',
      'someone, probably you, tried to use this mail address for another account. It already has an account of its own.',
    ],
    after: ['Log in with that account, or reset its password with “Forgot password”.'],
  }),
  'email-changed': ({ displayName, newEmail }) => ({
    subject: 'Your mail address was changed',
    before: [`Hello ${displayName},`, `the mail address of your account is now ${newEmail}.`],
    after: ['If this was not you, contact us now.'],
  }),
  'mfa-enabled': ({ displayName }) => ({
    subject: 'Two-factor authentication is on',
    before: [
      `Hello ${displayName},`,
      'an authenticator was added to your account. Each log-in now requires a code.',
    ],
    after: ['If this was not you, reset your password now with “Forgot password”, and contact us.'],
  }),
  'mfa-removed': ({ displayName }) => ({
    subject: 'Two-factor authentication is off',
    before: [
      `Hello ${displayName},`,
      'the authenticator was removed from your account. Log-ins no longer require a code.',
    ],
    after: [RESET_AT_ONCE],
  }),
};

/** Renders a mail as text and as HTML. */
export function renderAccountMail<T extends AccountMailTemplate>(
  template: T,
  data: AccountMail[T],
): MailContent {
  const { subject, before, code, after } = templates[template](data);
  const paragraphs = (lines: string[]) => lines.map((line) => `<p>${escapeHtml(line)}</p>`);
  const html = htmlPage(subject, 'en', [
    ...paragraphs(before),
    ...(code === undefined ? [] : [`<p><code>${escapeHtml(code)}</code></p>`]),
    ...paragraphs(after),
    '<p>Roost</p>',
  ]);
  const text = [...before, ...(code === undefined ? [] : [`    ${code}`]), ...after, 'Roost'];
  return { subject, text: `${text.join('\n\n')}\n`, html };
}
