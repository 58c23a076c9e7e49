/** The content of a mail before it is rendered as text and HTML. */
export interface MailDraft {
  subject: string;
  paragraphs: string[];
  /** A code to enter, on a line of its own after the paragraphs. */
  code?: string;
  /** Shown as a table after the paragraphs. */
  details: [label: string, value: string][];
  /** The label of the link to the client's page of this mail. The link is left out if no page is configured. */
  action: string;
  closing: string[];
}

/** The data of each mail about an account. */
export interface AccountMail {
  'verify-email': { token: string };
  'already-registered': Record<never, never>;
  'reset-password': { token: string };
  'password-changed': Record<never, never>;
  'mfa-enabled': Record<never, never>;
  'email-change-old': { token: string; newEmail: string };
  'email-change-new': { token: string; newEmail: string };
  'email-taken': Record<never, never>;
  'email-changed': { newEmail: string };
  'mfa-removed': Record<never, never>;
  'export-ready': Record<never, never>;
  'passkey-added': Record<never, never>;
  'passkey-removed': Record<never, never>;
  'identity-linked': { provider: string };
  'identity-unlinked': { provider: string };
}

export type AccountMailTemplate = keyof AccountMail;

/** The texts of all mails in a language, those of the mails about an account, and that of the text message. */
export interface MailTexts {
  /** `name` is null if the reader's name is not known. */
  greeting(name: string | null): string;
  signature: string;
  /** The label of a value in a text, with its colon. */
  label(text: string): string;
  /** Shown below optional mails. */
  optOutHint: string;
  /** The label of the link to the notification settings. */
  optOutAction: string;
  /** The text message with the code for a phone number: one message of at most 160 characters of GSM 03.38. */
  phoneCode(code: string): string;
  accountMails: { [T in AccountMailTemplate]: (data: AccountMail[T]) => MailDraft };
}
