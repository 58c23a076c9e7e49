import { mismatches } from './provider-mismatch.js';

/** Failure codes of a confirmation that are about the call itself: the card was not declined. */
export const CALL_FAILURES: ReadonlySet<string> = new Set([
  'payment_method_unknown',
  'intent_unexpected_state',
  'invalid_request',
  'abandoned',
  'not_found',
  ...mismatches,
]);
