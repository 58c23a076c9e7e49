/** How a user logged in; `provider` is an OpenID Connect provider. A second factor may have followed. */
export const logInMethods = ['password', 'passkey', 'provider'] as const;
export type LogInMethod = (typeof logInMethods)[number];
