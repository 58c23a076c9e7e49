import Stripe from 'stripe';
import { ProviderRejection, ProviderUnavailable } from '../provider.port.js';
import { publicDeclineCode, rejectionCode } from './domain/stripe-codes.js';

/** The balance of the platform does not suffice for a refund or a transfer. */
export const BALANCE_INSUFFICIENT = 'balance_insufficient';

/** Codes of status 400 that state nothing about the call: it may succeed when it is repeated. */
const TRANSIENT: ReadonlySet<string> = new Set(['idempotency_key_in_use', 'lock_timeout', 'rate_limit']);

/**
 * The error of a call in the terms of the port. Messages of Stripe can contain data of the guest or parts of the key, so
 * only codes and the id of the request are kept, and the original error is no `cause`: logs print causes.
 */
export function toProviderError(error: unknown): ProviderRejection | ProviderUnavailable {
  if (error instanceof ProviderRejection || error instanceof ProviderUnavailable) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    const name = error instanceof Error ? error.name : typeof error;
    return new ProviderUnavailable(`The response of Stripe was not understood (${name})`);
  }
  if (error instanceof Stripe.errors.StripeCardError) {
    const code = publicDeclineCode(error.decline_code === '' ? error.code : error.decline_code);
    return new ProviderRejection(code, describe(error, code), true);
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError && !TRANSIENT.has(error.code ?? '')) {
    const code = rejectionCode(error.code, error.param);
    return new ProviderRejection(code, describe(error, code), false);
  }
  // Also a wrong API key (401, 403): payments must not fail because of the configuration.
  return new ProviderUnavailable(describe(error, rejectionCode(error.code, undefined)));
}

/**
 * Stripe stores the response to each key for a day, errors included. The stored error of a call that changes a state only
 * once would otherwise delay that call by a day.
 */
export function isReplayedError(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.headers?.['idempotent-replayed'] === 'true';
}

/** A stored failure of Stripe itself, but no stored decline: that is the outcome of the call. */
export function isReplayedFailure(error: unknown): boolean {
  return (
    isReplayedError(error) && error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500
  );
}

function describe(error: Stripe.errors.StripeError, code: string): string {
  const status = error.statusCode === undefined ? error.type : `${error.statusCode} ${code}`;
  return `Stripe responded with ${status} (request ${error.requestId ?? 'unknown'})`;
}
