const EXEMPT = /^\/(v1\/webhooks|dev|health)(\/|$)/;
/** Routes that take a password, a code or a mail address without a token: guesses come from an address. */
const LOG_IN =
  /^\/v1\/auth\/(login|mfa|register|verify-email|resend-verification|forgot-password|reset-password|confirm-email-change)\/?$/;
/** Routes that take a password or a code of a signed-in user. */
const OF_SESSION = /^\/v1\/auth\/step-up\/?$/;

export type RateLimit = 'none' | 'logIn' | 'session' | 'perUser' | 'perAddress';

/**
 * The limit that a request counts for. A refresh or a log-out guesses nothing, and many users share an address: it
 * counts as any other request.
 */
export function limitOf(path: string, signedIn: boolean): RateLimit {
  if (EXEMPT.test(path)) return 'none';
  if (LOG_IN.test(path)) return 'logIn';
  if (OF_SESSION.test(path) && signedIn) return 'session';
  return signedIn ? 'perUser' : 'perAddress';
}

/** The values that one request may load: as many as the items of the longest page of a REST route. */
const COST_OF_REQUEST = 100;

/** How many requests a GraphQL operation counts as. Each mutation counts as at least one. */
export function requestsOf(operation: { type: string; cost: number; rootFields: number }): number {
  const byCost = Math.max(1, Math.ceil(operation.cost / COST_OF_REQUEST));
  return operation.type === 'mutation' ? Math.max(byCost, operation.rootFields) : byCost;
}
