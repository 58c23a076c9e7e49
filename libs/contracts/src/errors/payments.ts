import { defineErrors, errorEntry } from './define.js';

/** The error codes of payments: payments, refunds and webhooks; sorted. */
export const paymentsErrors = defineErrors({
  'payment.declined': errorEntry(
    402,
    'The payment was declined',
    'The bank or card declined it; `reason` says why where the provider tells.',
    'Use another payment method, or ask the bank.',
  ),
  'payment.not_found': errorEntry(
    404,
    'No such payment',
    'There is no payment with this id, or it is not yours.',
    'Check the id, and that you are signed in as the guest who pays.',
  ),
  'payment.not_ready': errorEntry(
    404,
    'The payment does not exist yet',
    'Payments follow their booking by a moment, and this one has not been created.',
    'Ask again, with `Prefer: wait=10` to be answered as soon as it exists.',
  ),
  'payment.provider_unavailable': errorEntry(
    503,
    'The payment provider does not answer',
    'The provider could not be reached or failed. Nothing is lost: what was begun is finished later, once.',
    'Wait as long as `Retry-After` says and read the payment again before paying again.',
  ),
  'payment.refund_too_large': errorEntry(
    409,
    'More than was captured can not be given back',
    'The refund and those before it, also the ones under way, would exceed what was captured; `refundableMinor` is what is left.',
    'Refund at most `refundableMinor`.',
  ),
  'payment.wrong_state': errorEntry(
    409,
    'The payment is not in a state that allows this',
    'The payment has moved on: it was paid, voided or has failed for good.',
    'Read the payment again and decide on its present `status`.',
  ),
  'webhook.bad_signature': errorEntry(
    400,
    'The signature does not match',
    'The webhook was not signed with the secret that is configured here, or is too old.',
    'Check the webhook secret on both sides.',
  ),
});
