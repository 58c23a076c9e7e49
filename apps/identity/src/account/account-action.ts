/** The actions that the log of an account records. Clients depend on these names. */
export const accountActions = [
  'account.registered',
  'account.became-host',
  'account.suspended',
  'account.reinstated',
  'session.started',
  'session.ended',
  'password.changed',
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

export const accountActors = ['user', 'administrator', 'system', 'unknown'] as const;
/**
 * `system`: a rule of the marketplace, such as the end of a session whose refresh token was used twice. `unknown`: a person
 * who has proven neither that the account nor that its mail address is theirs.
 */
export type AccountActor = (typeof accountActors)[number];
