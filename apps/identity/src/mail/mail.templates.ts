import { escapeHtml, framed } from './mail.frame.js';

export interface MailText {
  subject: string;
  text: string;
  html: string;
}

interface Letter {
  subject: string;
  /** Paragraphs; the code stands between them. */
  before: string[];
  code?: string;
  after: string[];
}

interface Reader {
  displayName: string;
}

export interface MailData {
  'verify-email': Reader & { token: string };
  'already-registered': Reader;
  'reset-password': Reader & { token: string };
  'password-changed': Reader;
  'mfa-enabled': Reader;
  'email-change-old': Reader & { token: string; newEmail: string };
  'email-change-new': Reader & { token: string; newEmail: string };
  'email-taken': Reader;
  'email-changed': Reader & { newEmail: string };
  'mfa-removed': Reader;
}

export type MailTemplate = keyof MailData;

const letters: { [T in MailTemplate]: (data: MailData[T]) => Letter } = {
  'verify-email': ({ displayName, token }) => ({
    subject: 'Confirm your mail address',
    before: [
      `Hello ${displayName},`,
      'welcome to Roost. Please confirm that this address is yours by entering this code:',
    ],
    code: token,
    after: ['It is valid for 24 hours. If you did not register, ignore this mail: nothing will happen.'],
  }),
  'already-registered': ({ displayName }) => ({
    subject: 'You already have an account',
    before: [
      `Hello ${displayName},`,
      'somebody, probably you, has tried to register with this address. It already has an account.',
    ],
    after: ['Log in with your password, or ask for a new one with “Forgot password”.'],
  }),
  'reset-password': ({ displayName, token }) => ({
    subject: 'Choose a new password',
    before: [`Hello ${displayName},`, 'you asked for a new password. Choose one by entering this code:'],
    code: token,
    after: ['It is valid for one hour. If you did not ask, ignore this mail: your password stays as it is.'],
  }),
  'password-changed': ({ displayName }) => ({
    subject: 'Your password was changed',
    before: [`Hello ${displayName},`, 'the password of your account has just been changed.'],
    after: ['If it was not you, choose a new one at once with “Forgot password”: that ends every session.'],
  }),
  'email-change-old': ({ displayName, token, newEmail }) => ({
    subject: 'Do you want to change your mail address?',
    before: [
      `Hello ${displayName},`,
      `you asked for your account to use the address ${newEmail}. If that is right, enter this code:`,
    ],
    code: token,
    after: ['It is valid for 24 hours. If you did not ask, do not enter it, and choose a new password.'],
  }),
  'email-change-new': ({ displayName, token }) => ({
    subject: 'Confirm your new mail address',
    before: [`Hello ${displayName},`, 'please confirm that this is your new address by entering this code:'],
    code: token,
    after: ['It is valid for 24 hours. If you did not ask, ignore this mail: nothing will happen.'],
  }),
  'email-taken': () => ({
    subject: 'This address has an account already',
    before: [
      'Hello,',
      'somebody, probably you, wants to use this address for another account. It has an account of its own already.',
    ],
    after: ['Log in with it, or ask for a new password with “Forgot password”.'],
  }),
  'email-changed': ({ displayName, newEmail }) => ({
    subject: 'Your mail address was changed',
    before: [`Hello ${displayName},`, `your account now uses the address ${newEmail}.`],
    after: ['If it was not you, write to us at once.'],
  }),
  'mfa-enabled': ({ displayName }) => ({
    subject: 'Logging in now asks for a code',
    before: [
      `Hello ${displayName},`,
      'an authenticator was added to your account. From now on logging in asks for its code.',
    ],
    after: ['If it was not you, choose a new password at once with “Forgot password”, and write to us.'],
  }),
  'mfa-removed': ({ displayName }) => ({
    subject: 'Logging in no longer asks for a code',
    before: [`Hello ${displayName},`, 'the authenticator was removed from your account.'],
    after: [
      'If it was not you, choose a new password at once with “Forgot password”: that ends every session.',
    ],
  }),
};

export function renderMail<T extends MailTemplate>(template: T, data: MailData[T]): MailText {
  const letter = letters[template](data);
  const paragraphs = (lines: string[]) => lines.map((line) => `<p>${escapeHtml(line)}</p>`);
  const html = framed(letter.subject, 'en', [
    ...paragraphs(letter.before),
    ...(letter.code === undefined ? [] : [`<p><code>${escapeHtml(letter.code)}</code></p>`]),
    ...paragraphs(letter.after),
    '<p>Roost</p>',
  ]);
  const text = [
    ...letter.before,
    ...(letter.code === undefined ? [] : [`    ${letter.code}`]),
    ...letter.after,
    'Roost',
  ];
  return { subject: letter.subject, text: `${text.join('\n\n')}\n`, html };
}
