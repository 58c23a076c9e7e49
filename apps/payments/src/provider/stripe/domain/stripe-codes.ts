/** Codes that must not reveal to the guest what the bank or Stripe suspects (https://docs.stripe.com/declines/codes). */
const CONFIDENTIAL: ReadonlySet<string> = new Set([
  'fraudulent',
  'lost_card',
  'merchant_blacklist',
  'pickup_card',
  'stolen_card',
]);

const CODE = /^[a-z][a-z0-9_]{0,63}$/;

/** The decline code for answers, events and logs. */
export function publicDeclineCode(code: string | null | undefined): string {
  if (code === null || code === undefined || !CODE.test(code)) return 'card_declined';
  return CONFIDENTIAL.has(code) ? 'generic_decline' : code;
}

/** The code of a call that Stripe rejected as invalid, in the words of the port. */
export function rejectionCode(code: string | null | undefined, param: string | null | undefined): string {
  if (code === null || code === undefined || !CODE.test(code)) return 'invalid_request';
  if (code === 'payment_intent_unexpected_state') return 'intent_unexpected_state';
  if (code === 'resource_missing' && param !== 'payment_method') return 'not_found';
  const isPaymentMethod = code.startsWith('payment_method_') || param === 'payment_method';
  return isPaymentMethod ? 'payment_method_unknown' : code;
}
