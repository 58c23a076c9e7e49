import { defineErrors, errorEntry } from './define.js';

/** The error codes of payments: payments, refunds, payouts and webhooks; sorted. */
export const paymentsErrors = defineErrors({
  'payment.confirmed_at_provider': errorEntry(
    409,
    'The payment is confirmed at its provider',
    'The provider of this payment does not take a payment method from this API: the guest pays on the page of the provider.',
    'Send the guest to the `redirectUrl` of the payment, then retrieve the payment until its `status` changes.',
  ),
  'payment.declined': errorEntry(
    402,
    'The payment was declined',
    'The bank or the card issuer declined the payment. `reason` contains the reason if the provider returns one.',
    'Use another payment method, or contact the bank.',
  ),
  'payment.not_found': errorEntry(
    404,
    'No such payment',
    'No payment with this id exists, or it is not yours.',
    'Check the id, and that you are signed in as the guest of the booking.',
  ),
  'payment.not_ready': errorEntry(
    404,
    'The payment does not exist yet',
    'The payment of a booking is created shortly after the booking. This payment has not been created yet.',
    'Repeat the request with `Prefer: wait=10`, which responds as soon as the payment exists.',
  ),
  'payment.operation_closed': errorEntry(
    409,
    'The operation is closed',
    'The call to the provider is done or has failed for good. `status` contains its state.',
    'Read the payment. Retry a failed refund with POST /v1/admin/payments/{id}/refunds/{refundId}/retry.',
  ),
  'payment.operation_not_found': errorEntry(
    404,
    'No such operation',
    'No call to a payment provider with this id exists.',
    'Check the id in the list of operations.',
  ),
  'payment.provider_unavailable': errorEntry(
    503,
    'The payment provider is not available',
    'The provider did not respond or returned an error. An operation that was started is completed later, exactly once.',
    'Wait for the time in `Retry-After`, and retrieve the payment before you pay again.',
  ),
  'payment.reconciliation_not_found': errorEntry(
    404,
    'No such reconciliation',
    'No run of the reconciliation with this id exists. The oldest runs are deleted.',
    'Check the id in GET /v1/admin/reconciliation/runs.',
  ),
  'payment.reconciliation_not_run': errorEntry(
    404,
    'There was no reconciliation yet',
    'The first regular reconciliation runs a few minutes after the start of the service.',
    'Start one with POST /v1/admin/reconciliation/runs.',
  ),
  'payment.reconciliation_running': errorEntry(
    409,
    'A reconciliation is running',
    'Only one reconciliation of each scope runs at a time. `runId` contains the id of the running one; null: a comparison for a request.',
    'Read it with GET /v1/admin/reconciliation/runs/{id}. Start the next one when it has ended.',
  ),
  'payment.reconciliation_too_long': errorEntry(
    503,
    'The reconciliation takes too long for a response',
    'The history at the payment providers could not be read in the time of one request. The comparison ends with its current call to a provider.',
    'Start it in the background with POST /v1/admin/reconciliation/runs, and read its result with GET /v1/admin/reconciliation/runs/{id}.',
  ),
  'payment.refund_not_failed': errorEntry(
    409,
    'The refund has not failed',
    'Only a failed refund can be retried, and only once. `status` contains the state of the refund.',
    'Read the payment with its refunds. If the retry failed, retry that refund.',
  ),
  'payment.refund_not_found': errorEntry(
    404,
    'No such refund',
    'This payment has no refund with this id.',
    'Check the id in the refunds of the payment.',
  ),
  'payment.refund_too_large': errorEntry(
    409,
    'The refund exceeds the captured amount',
    'This refund, the earlier ones (including those in progress) and lost disputes together would exceed the captured amount. `refundableMinor` is the remaining amount.',
    'Refund at most `refundableMinor`.',
  ),
  'payment.wrong_state': errorEntry(
    409,
    'The payment is in a state that does not allow this',
    'The payment was already paid or voided, has failed permanently, or is disputed: a refund waits for the decision of the bank.',
    'Retrieve the payment again and choose an action that its `status` allows.',
  ),
  'payout.not_found': errorEntry(
    404,
    'No such payout',
    'No payout with this id exists.',
    'List the payouts with `GET /v1/admin/payouts`.',
  ),
  'payout.provider_not_enabled': errorEntry(
    422,
    'The payment provider is not enabled',
    'This installation makes no payouts with this provider. `providers` lists the enabled providers.',
    'Use an account at one of `providers`.',
  ),
  'payout.wrong_state': errorEntry(
    409,
    'The payout is in a state that does not allow this',
    'Only a payout that is in transit, or the latest payout of its host and currency if it has failed, can be retried. `status` is its status.',
    'List the payouts of this host and retry the latest one.',
  ),
  'receipt.not_found': errorEntry(
    404,
    'No receipt',
    'The payment has no receipt. A receipt is issued when a payment is captured.',
    'Check the status of the payment. Only a captured payment, whether or not it was refunded since, has a receipt.',
  ),
  'statement.too_large': errorEntry(
    422,
    'The statement is too large',
    'The month has more than `maximum` entries in this selection.',
    'Select one currency, or list the entries with `GET /v1/me/transactions`.',
  ),
  'webhook.bad_signature': errorEntry(
    400,
    'The signature does not match',
    'The webhook is not signed with the configured secret, or its timestamp is too old.',
    'Check that both sides use the same webhook secret.',
  ),
  'webhook.not_found': errorEntry(
    404,
    'No such webhook',
    'No webhook with this id was received from this provider.',
    'Check the provider and the id in the list of webhooks.',
  ),
  'webhook.not_parked': errorEntry(
    409,
    'The webhook is not parked',
    'Only a webhook that contradicts its payment is parked, and only a parked webhook can be dismissed.',
    'Read the webhook: its `outcome` contains what happened.',
  ),
});
