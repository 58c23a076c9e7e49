import { isCurrency } from '@roost/money';
import { z } from 'zod';
import type { ProviderDispute, ProviderIntent, ProviderRefund, ProviderTransfer } from '../provider.port.js';
import { paymentIdOf, payoutIdOf, refundIdOf } from './paystack-reference.js';
import { fromSubunits } from './paystack-units.js';

export const Currency = z.string().refine(isCurrency);
/** Paystack writes some amounts as texts. */
export const Subunits = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
const Instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const Initialized = z.object({
  authorization_url: z.url({ protocol: /^https?$/ }),
  reference: z.string(),
});

/** A transaction of `/transaction/verify` or `/transaction`. */
export const Transaction = z.object({
  id: z.int(),
  reference: z.string().min(1).max(200),
  status: z.string(),
  amount: Subunits,
  requested_amount: Subunits.nullish(),
  currency: Currency,
});
export type Transaction = z.output<typeof Transaction>;

/** The transaction of a refund or dispute is its id in some responses and an object in others. */
const TransactionId = z.union([z.int(), z.object({ id: z.int() }).transform(({ id }) => id)]);

export const Refund = z.object({
  id: z.int(),
  transaction: TransactionId,
  amount: Subunits,
  currency: Currency,
  status: z.string(),
  merchant_note: z.string().nullish(),
  /** The dispute that caused the refund. */
  dispute: z.unknown().optional(),
});
export type Refund = z.output<typeof Refund>;

export const Transfer = z.object({
  reference: z.string().min(1).max(200),
  status: z.string(),
  amount: Subunits,
  currency: Currency,
  recipient: z.union([z.object({ recipient_code: z.string() }), z.int()]),
});
export type Transfer = z.output<typeof Transfer>;

export const Dispute = z
  .object({
    id: z.int(),
    status: z.string(),
    resolution: z.string().nullish(),
    refund_amount: Subunits.nullish(),
    currency: Currency.nullish(),
    category: z.string().max(200).nullish(),
    dueAt: Instant.nullish(),
    createdAt: Instant.optional(),
    created_at: Instant.optional(),
    transaction: z.object({ reference: z.string(), amount: Subunits, currency: Currency }),
  })
  .refine(({ createdAt, created_at }) => (createdAt ?? created_at) !== undefined);
export type Dispute = z.output<typeof Dispute>;

/**
 * The state of a transaction. `failed` and `abandoned` are not final: the guest can try again on the open page. A
 * `reversed` transaction was paid, and then refunded or charged back.
 */
const isPaid = (status: string) => status === 'success' || status === 'reversed';

/** `refundedMinor`: the paid refunds of the transaction. */
export function toIntent(transaction: Transaction, refundedMinor: number): ProviderIntent {
  const { currency, reference, status } = transaction;
  const requested = transaction.requested_amount ?? transaction.amount;
  const amountMinor = fromSubunits(requested, currency);
  // More than the requested amount is Paystack's fee, where the business lets its customers pay it.
  const paid = isPaid(status) ? fromSubunits(Math.min(transaction.amount, requested), currency) : 0;
  return {
    ref: reference,
    paymentId: paymentIdOf(reference),
    status: isPaid(status) ? 'captured' : 'action',
    amountMinor,
    currency,
    authorizedMinor: paid,
    capturedMinor: paid,
    refundedMinor,
    captureBefore: null,
    failureCode: status === 'failed' ? 'payment_failed' : null,
    redirectUrl: null,
    clientSecret: null,
  };
}

const refundStatuses: Record<string, ProviderRefund['status']> = { processed: 'succeeded', failed: 'failed' };

/** `pending`, `processing` and `needs-attention` are not final. */
export const toRefund = (refund: Refund): ProviderRefund => ({
  ref: String(refund.id),
  refundId: refundIdOf(refund.merchant_note),
  amountMinor: fromSubunits(refund.amount, refund.currency),
  status: refundStatuses[refund.status] ?? 'pending',
});

/** The paid amount of a refund; 0 for the refund of a lost dispute, which the dispute accounts for. */
export function paidMinor(refund: Refund): number {
  if ((refund.dispute ?? null) !== null || refund.status !== 'processed') return 0;
  return fromSubunits(refund.amount, refund.currency);
}

const transferStatuses: Record<string, ProviderTransfer['status']> = {
  success: 'paid',
  failed: 'failed',
  reversed: 'failed',
  abandoned: 'failed',
  blocked: 'failed',
  rejected: 'failed',
};

const transferCodes: Record<string, string> = {
  failed: 'transfer_failed',
  reversed: 'transfer_reversed',
  abandoned: 'transfer_abandoned',
  blocked: 'transfer_blocked',
  rejected: 'transfer_rejected',
  // Waits for an operator: the confirmation of transfers by code is switched on in Paystack's dashboard.
  otp: 'otp_required',
};

/** `destination`: the recipient, where the response contains only its number. */
export const toTransfer = (transfer: Transfer, destination = ''): ProviderTransfer => ({
  ref: transfer.reference,
  payoutId: payoutIdOf(transfer.reference),
  status: transferStatuses[transfer.status] ?? 'pending',
  destination: typeof transfer.recipient === 'object' ? transfer.recipient.recipient_code : destination,
  amountMinor: fromSubunits(transfer.amount, transfer.currency),
  reversedMinor: 0,
  currency: transfer.currency,
  failureCode: transferCodes[transfer.status] ?? null,
});

function disputeStatus({ status, resolution }: Dispute): ProviderDispute['status'] {
  if (status === 'awaiting-merchant-feedback') return 'needs_response';
  if (status !== 'resolved') return 'under_review';
  if (resolution === 'declined') return 'won';
  // An unknown resolution decides nothing.
  return resolution === 'merchant-accepted' || resolution === 'auto-accepted' ? 'lost' : 'under_review';
}

export function toDispute(dispute: Dispute): ProviderDispute {
  const { transaction } = dispute;
  const currency = dispute.currency ?? transaction.currency;
  return {
    ref: String(dispute.id),
    paymentRef: transaction.reference,
    status: disputeStatus(dispute),
    amountMinor: fromSubunits(dispute.refund_amount || transaction.amount, currency),
    currency,
    reason: dispute.category ?? null,
    evidenceDueAt: dispute.dueAt ?? null,
    createdAt: dispute.createdAt ?? dispute.created_at ?? new Date(0),
  };
}
