import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { disputeStatuses } from '../dispute/domain/dispute-state.js';

export const differenceKinds = [
  'ledger.unbalanced',
  'ledger.payment_differs',
  'provider.unreachable',
  'provider.comparison_stopped',
  'provider.unknown_payment',
  'provider.missing_payment',
  'provider.amount_differs',
  'provider.not_enabled',
  'booking.confirmed_unpaid',
  'booking.ended_but_captured',
  'booking.undecided',
  'booking.split_differs',
  'dispute.unposted',
  'dispute.missing',
  'dispute.amount_differs',
  'dispute.status_differs',
  'dispute.undecided_overdue',
  'refund.refused',
  'paper.missing',
  'refund.unpaid',
  'operation.stuck',
  'webhook.stuck',
  'webhook.parked',
  'payout.missing_transfer',
  'payout.unknown_transfer',
  'payout.amount_differs',
  'payout.destination_differs',
  'payout.without_movement',
  'payout.stuck',
  'host.overpaid',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export const Difference = z
  .object({
    kind: z.enum(differenceKinds),
    paymentId: Uuid.nullable(),
    providerRef: z.string().nullable(),
    currency: z.string().nullable(),
    expectedMinor: z.int().nullable(),
    foundMinor: z.int().nullable(),
    detail: z.string(),
    action: z.string().meta({ description: 'The action that resolves the difference.' }),
  })
  .meta({ id: 'Difference' });
export type Difference = z.output<typeof Difference>;

export const OpenDispute = z
  .object({
    id: Uuid,
    paymentId: Uuid,
    bookingId: Uuid,
    providerRef: z.string(),
    status: z.enum(disputeStatuses),
    currency: z.string(),
    amountMinor: z.int(),
    evidenceDueAt: Instant.nullable(),
  })
  .meta({ id: 'OpenDispute' });
export type OpenDispute = z.output<typeof OpenDispute>;

export const Reconciliation = z
  .object({
    checkedAt: Instant,
    payments: z.int(),
    providerPayments: z.int(),
    movements: z.int(),
    balanced: z.boolean(),
    differences: z.array(Difference).meta({ description: 'The first 1,000.' }),
    moreDifferences: z.int().meta({ description: 'The number of further differences.' }),
    disputes: z.array(OpenDispute).meta({ description: 'The open disputes. They are no differences.' }),
  })
  .meta({ id: 'Reconciliation' });
export type Reconciliation = z.output<typeof Reconciliation>;

/** A comparison with a provider stops after this many differences of one kind: each has cost a call. */
export const MAX_OF_KIND = 10_000;
/** The number of differences that are stored or returned. */
export const MAX_DIFFERENCES = 1_000;

/** The number of differences by kind. */
export type DifferenceCounts = Partial<Record<DifferenceKind, number>>;

export const totalOf = (counts: DifferenceCounts): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Whether the ledger is balanced and agrees with the payments. */
export const isBalanced = (counts: DifferenceCounts): boolean =>
  !Object.keys(counts).some((kind) => kind.startsWith('ledger.'));

/** Whether everything was compared. */
export const isComplete = (counts: DifferenceCounts): boolean =>
  counts['provider.unreachable'] === undefined && counts['provider.comparison_stopped'] === undefined;

interface DifferenceRule {
  /** Whether it is found by reading the history at a provider: a recent run does not see the old ones. */
  ofHistory: boolean;
  action: string;
}

export const differenceRules: Record<DifferenceKind, DifferenceRule> = {
  'ledger.unbalanced': {
    ofHistory: false,
    action:
      'Stop payouts and find the movement. The ledger is append-only: correct it with a reverse movement.',
  },
  'ledger.payment_differs': {
    ofHistory: false,
    action:
      'Compare the ledger transactions of this payment with its refunds and post the missing movements.',
  },
  'provider.unreachable': {
    ofHistory: false,
    action:
      'Check the provider, its keys and the network. The next reconciliation compares what this one could not.',
  },
  'provider.comparison_stopped': {
    ofHistory: false,
    action:
      'Check that the keys belong to the account of these payments: there are too many differences of one kind for single corrections.',
  },
  'provider.unknown_payment': {
    ofHistory: true,
    action: 'Refund or cancel it at the provider: it belongs to no payment of this system.',
  },
  'provider.missing_payment': {
    ofHistory: true,
    action: 'Look it up at the provider by its reference and check that this is the right account.',
  },
  'provider.amount_differs': {
    ofHistory: true,
    action:
      'Read the payment at the provider and enter here the changes that were made there by hand. A state with another amount or currency is not applied.',
  },
  'provider.not_enabled': {
    ofHistory: false,
    action:
      'Add the provider to PAYMENT_PROVIDERS again, limited to a currency that no listing has, until its payments have ended.',
  },
  'booking.confirmed_unpaid': {
    ofHistory: false,
    action: 'Read the payment at the provider. Cancel the booking if the payment was not captured.',
  },
  'booking.ended_but_captured': {
    ofHistory: false,
    action:
      'Refund it with POST /v1/admin/payments/{id}/refunds; retry the refund instead if refund.refused lists one.',
  },
  'booking.undecided': {
    ofHistory: false,
    action:
      'Check that bookings is running and has no dead-lettered events: it decides about a late payment.',
  },
  'booking.split_differs': {
    ofHistory: false,
    action:
      'Compare the events of this booking with its payments and refunds, then post or refund the missing amount.',
  },
  'refund.refused': {
    ofHistory: false,
    action:
      'Retry it with POST /v1/admin/payments/{id}/refunds/{refundId}/retry. One that the bank of the guest has returned: ask the guest whether the card or account is still open, and retry it then; if it is closed, settle it with POST …/settle and pay the guest another way. One that a dispute prevented: refund what is still due with POST /v1/admin/payments/{id}/refunds.',
  },
  'operation.stuck': {
    ofHistory: false,
    action:
      'Check that the provider is reachable, and for a refund that the balance there suffices: top it up. The log names the reason. The operation is retried automatically, or now with POST /v1/admin/payment-operations/{id}/retry.',
  },
  'webhook.stuck': {
    ofHistory: false,
    action:
      'Check that the provider is reachable. The webhook is retried automatically, or now with POST /v1/admin/webhooks/{provider}/{id}/replay.',
  },
  'webhook.parked': {
    ofHistory: false,
    action:
      'Compare the payment at the provider with the one here. Then replay the webhook, or dismiss it: POST /v1/admin/webhooks/{provider}/{id}/replay or /dismiss.',
  },
  'paper.missing': {
    ofHistory: false,
    action:
      'Wait for the job paper.issue, which issues and numbers missing papers. If it fails, see the log for the reason.',
  },
  'dispute.unposted': {
    ofHistory: true,
    action:
      'It is recorded automatically within DISPUTE_CHECK_SECONDS if its payment is captured here, in the same currency. Otherwise respond to it at the provider.',
  },
  'dispute.missing': {
    ofHistory: true,
    action: 'Look it up at the provider by its reference and check that this is the right account.',
  },
  'dispute.amount_differs': {
    ofHistory: true,
    action:
      'Read the dispute at the provider and post the difference between dispute_reserve and provider_clearing.',
  },
  'dispute.status_differs': {
    ofHistory: true,
    action: 'An open dispute is updated automatically. Correct a decided one with reverse movements.',
  },
  'dispute.undecided_overdue': {
    ofHistory: false,
    action: 'Submit the evidence, or accept the dispute, in the dashboard of the provider.',
  },
  'refund.unpaid': {
    ofHistory: false,
    action:
      'Look the refund up at the provider: it may need your attention, for example the bank details of the guest.',
  },
  'payout.missing_transfer': {
    ofHistory: true,
    action:
      'Look the transfer up at the provider and check that this is the right account. The host may not have been paid.',
  },
  'payout.unknown_transfer': {
    ofHistory: true,
    action: 'Reverse it at the provider, unless it was made by hand. It may be a second payment to a host.',
  },
  'payout.amount_differs': {
    ofHistory: true,
    action:
      'Read the transfer at the provider. If all of it has come back, replay its webhook. If a part has, reverse the rest there: the next payout pays the whole amount again. Otherwise correct the ledger.',
  },
  'payout.destination_differs': {
    ofHistory: true,
    action:
      'Stop payouts to this host and read the transfer at the provider. Reverse it there, unless the account belongs to the host: the next payout pays the amount again.',
  },
  'payout.without_movement': {
    ofHistory: false,
    action:
      'Stop payouts and compare the ledger transactions of this payout. Correct them with a reverse movement.',
  },
  'payout.stuck': {
    ofHistory: false,
    action: 'Check the provider and the account of the host, then use POST /v1/admin/payouts/{id}/retry.',
  },
  'host.overpaid': {
    ofHistory: false,
    action: 'Stop payouts to this host and find the movement that was posted twice.',
  },
};

export const difference = (
  kind: DifferenceKind,
  detail: string,
  subject: Partial<Omit<Difference, 'kind' | 'detail' | 'action'>> = {},
): Difference => ({
  kind,
  paymentId: null,
  providerRef: null,
  currency: null,
  expectedMinor: null,
  foundMinor: null,
  ...subject,
  detail,
  action: differenceRules[kind].action,
});
