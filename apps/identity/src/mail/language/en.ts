import type { MailTexts } from './language.js';

const RESET_AT_ONCE =
  'If this was not you, reset your password now with “Forgot password”. This ends all sessions.';
const LOG_IN = 'Log in';
const RESET = 'Reset your password';

const accountMails: MailTexts['accountMails'] = {
  'verify-email': ({ token }) => ({
    subject: 'Confirm your mail address',
    paragraphs: ['Welcome to Roost. To confirm that this is your mail address, enter this code:'],
    code: token,
    details: [],
    action: 'Confirm your mail address',
    closing: ['The code expires in 24 hours. If you did not register, you can ignore this mail.'],
  }),
  'already-registered': () => ({
    subject: 'You already have an account',
    paragraphs: [
      'Someone, probably you, tried to register with this mail address. It already has an account.',
    ],
    details: [],
    action: LOG_IN,
    closing: ['Log in with your password, or reset it with “Forgot password”.'],
  }),
  'reset-password': ({ token }) => ({
    subject: 'Choose a new password',
    paragraphs: ['You requested a new password. To choose one, enter this code:'],
    code: token,
    details: [],
    action: 'Choose a new password',
    closing: [
      'The code expires in one hour. If you did not request it, you can ignore this mail: your password does not change.',
    ],
  }),
  'password-changed': () => ({
    subject: 'Your password was changed',
    paragraphs: ['The password of your account was changed.'],
    details: [],
    action: RESET,
    closing: [
      RESET_AT_ONCE,
      'A new password removes no passkey and unlinks no account of a provider: remove those that you did not add.',
    ],
  }),
  'email-change-old': ({ token, newEmail }) => ({
    subject: 'Do you want to change your mail address?',
    paragraphs: [
      `You requested to change the mail address of your account to ${newEmail}. To confirm the change, enter this code:`,
    ],
    code: token,
    details: [],
    action: 'Confirm the change',
    closing: [
      'The code expires in 24 hours. If you did not request the change, do not confirm it, and reset your password.',
    ],
  }),
  'email-change-new': ({ token }) => ({
    subject: 'Confirm your new mail address',
    paragraphs: ['To confirm that this is your new mail address, enter this code:'],
    code: token,
    details: [],
    action: 'Confirm your new mail address',
    closing: ['The code expires in 24 hours. If you did not request the change, you can ignore this mail.'],
  }),
  'email-taken': () => ({
    subject: 'This mail address already has an account',
    paragraphs: [
      'Someone, probably you, tried to use this mail address for another account. It already has an account of its own.',
    ],
    details: [],
    action: LOG_IN,
    closing: ['Log in with that account, or reset its password with “Forgot password”.'],
  }),
  'email-changed': ({ newEmail }) => ({
    subject: 'Your mail address was changed',
    paragraphs: [`The mail address of your account is now ${newEmail}.`],
    details: [],
    action: 'Contact us',
    closing: ['If this was not you, contact us now.'],
  }),
  'mfa-enabled': () => ({
    subject: 'Two-factor authentication is on',
    paragraphs: ['An authenticator was added to your account. Each log-in now requires a code.'],
    details: [],
    action: RESET,
    closing: ['If this was not you, reset your password now with “Forgot password”, and contact us.'],
  }),
  'mfa-removed': () => ({
    subject: 'Two-factor authentication is off',
    paragraphs: ['The authenticator was removed from your account. Log-ins no longer require a code.'],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
  'export-ready': () => ({
    subject: 'Your data is ready',
    paragraphs: ['You requested an export of your data. It is ready: log in to download it.'],
    details: [],
    action: LOG_IN,
    closing: [
      'The file is deleted 7 days after your request. If you did not request it, reset your password now with “Forgot password”.',
    ],
  }),
  'passkey-added': () => ({
    subject: 'A passkey was added to your account',
    paragraphs: ['A passkey was added to your account. It can be used to log in without your password.'],
    details: [],
    action: RESET,
    closing: [
      'If this was not you, reset your password now with “Forgot password”, and then remove the passkey: a new password does not remove it.',
    ],
  }),
  'passkey-removed': () => ({
    subject: 'A passkey was removed from your account',
    paragraphs: ['A passkey was removed from your account. It can no longer be used to log in.'],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
  'identity-linked': ({ provider }) => ({
    subject: `${provider} was linked to your account`,
    paragraphs: [
      `An account of ${provider} was linked to your account. It can be used to log in without your password.`,
    ],
    details: [],
    action: RESET,
    closing: [
      `If this was not you, reset your password now with “Forgot password”, and then unlink ${provider}: a new password does not unlink it.`,
    ],
  }),
  'identity-unlinked': ({ provider }) => ({
    subject: `${provider} was unlinked from your account`,
    paragraphs: [
      `The account of ${provider} was unlinked from your account. It can no longer be used to log in.`,
    ],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
};

export const english: MailTexts = {
  greeting: (name) => (name === null ? 'Hello,' : `Hello ${name},`),
  signature: 'Roost',
  label: (text) => `${text}:`,
  optOutHint: 'You can turn off mails of this kind in your notification settings.',
  optOutAction: 'Notification settings',
  phoneCode: (code) =>
    `${code} is your Roost code. It expires in 10 minutes. If you did not request it, ignore this message.`,
  accountMails,
};
