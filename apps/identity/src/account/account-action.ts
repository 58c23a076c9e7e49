/** What is recorded in the log of an account. A rename is a breaking change for clients. */
export const accountActions = [
  'account.registered',
  'account.became-host',
  'account.suspended',
  'account.reinstated',
  'session.started',
  'session.ended',
  'password.changed',
  'password.reset-requested',
  'password.reset',
  'email.verified',
  'email.change-requested',
  'email.changed',
  'phone.verified',
  'phone.removed',
  'mfa.enabled',
  'mfa.disabled',
  'recovery-code.used',
  'passkey.added',
  'passkey.renamed',
  'passkey.removed',
  'identity.linked',
  'identity.unlinked',
  'profile.changed',
  'notification-settings.changed',
  'export.requested',
  'export.downloaded',
] as const;
export type AccountAction = (typeof accountActions)[number];

export const accountActors = ['user', 'administrator', 'system'] as const;
/** `system`: a rule of the marketplace, such as the end of a session whose refresh token was used twice. */
export type AccountActor = (typeof accountActors)[number];
