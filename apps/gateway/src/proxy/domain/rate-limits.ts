const EXEMPT = /^\/(v1\/webhooks|dev|health)(\/|$)/;
/** Routes that take a password, a code, a passkey, a response of a provider or a mail address without a token: guesses come from an address. */
const LOG_IN =
  /^\/v1\/auth\/(login|mfa|passkeys|oidc|register|verify-email|resend-verification|forgot-password|reset-password|confirm-email-change)\/?$/;
/** Routes that take a password, a code, a passkey or a response of a provider of a signed-in user. */
const OF_SESSION = /^\/v1\/auth\/step-up(\/oidc)?\/?$/;
/** Routes that end or continue the session of a refresh token, which only identity knows. Many users share an address. */
const REFRESH = /^\/v1\/auth\/(refresh|logout)\/?$/;

export type RateLimit = 'none' | 'logIn' | 'session' | 'refresh' | 'perUser' | 'perAddress';

/** The limit that a request to a route counts for. `path` is that of the route, not of the request. */
export function limitOf(path: string, signedIn: boolean): RateLimit {
  if (EXEMPT.test(path)) return 'none';
  if (LOG_IN.test(path)) return 'logIn';
  if (OF_SESSION.test(path) && signedIn) return 'session';
  if (REFRESH.test(path) && !signedIn) return 'refresh';
  return signedIn ? 'perUser' : 'perAddress';
}

/** The values that one request may load: as many as the items of the longest page of a REST route. */
const COST_OF_REQUEST = 100;

/**
 * How many requests a GraphQL operation counts as. Each mutation counts as at least one. The cost counts as at most the
 * requests of a minute: each operation that the limit of the cost allows can run.
 */
export function requestsOf(
  operation: { type: string; cost: number; rootFields: number },
  requestsPerMinute: number,
): number {
  const byCost = Math.min(Math.max(1, Math.ceil(operation.cost / COST_OF_REQUEST)), requestsPerMinute);
  return operation.type === 'mutation' ? Math.max(byCost, operation.rootFields) : byCost;
}
