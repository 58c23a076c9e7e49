import { z } from 'zod';
import type {
  ProviderDispute,
  ProviderIntent,
  ProviderRefund,
  ProviderTransfer,
} from '../../provider.port.js';
import { fromStripeAmount } from './stripe-amount.js';
import { publicDeclineCode } from './stripe-codes.js';

/** The parts of Stripe's objects that payments reads. Responses are parsed: their types are no proof of their content. */
const Metadata = z.record(z.string(), z.string());
const Seconds = z.int().min(0);
const currency = z.string().transform((code) => code.toUpperCase());
/** An id, or the object itself where the response expands it. */
const Reference = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)]);

const Charge = z.object({
  amount_refunded: z.int().min(0),
  payment_method_details: z
    .object({ card: z.object({ capture_before: Seconds.optional() }).nullish() })
    .nullish(),
});

const Intent = z.object({
  object: z.literal('payment_intent'),
  id: z.string(),
  status: z.enum([
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'processing',
    'requires_capture',
    'succeeded',
    'canceled',
  ]),
  amount: z.int(),
  amount_capturable: z.int(),
  amount_received: z.int(),
  currency,
  client_secret: z.string().nullable(),
  cancellation_reason: z.string().nullish(),
  last_payment_error: z.object({ code: z.string().nullish(), decline_code: z.string().nullish() }).nullish(),
  next_action: z.object({ redirect_to_url: z.object({ url: z.string().nullable() }).nullish() }).nullish(),
  latest_charge: z.union([z.string(), Charge]).nullish(),
  metadata: Metadata,
});

const Refund = z.object({
  object: z.literal('refund'),
  id: z.string(),
  amount: z.int(),
  currency,
  status: z.string().nullable(),
  metadata: Metadata.nullish(),
});

const Dispute = z.object({
  object: z.literal('dispute'),
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  currency,
  charge: Reference,
  payment_intent: Reference.nullish(),
  reason: z.string().nullish(),
  evidence_details: z.object({ due_by: Seconds.nullish() }),
  created: Seconds,
});

const Transfer = z.object({
  object: z.literal('transfer'),
  id: z.string(),
  amount: z.int(),
  amount_reversed: z.int().min(0),
  reversed: z.boolean(),
  currency,
  destination: Reference.nullish(),
  metadata: Metadata,
});

const intentStatuses = {
  requires_payment_method: 'open',
  requires_confirmation: 'open',
  requires_action: 'action',
  processing: 'processing',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
} as const satisfies Record<z.output<typeof Intent>['status'], ProviderIntent['status']>;

const refundStatuses: Readonly<Record<string, ProviderRefund['status']>> = {
  pending: 'pending',
  requires_action: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
};

/**
 * `charge_refunded` is the name of a closed inquiry in older versions of the API. An appeal opens a lost dispute again.
 * Inquiries (`isInquiry`) are left out before.
 */
const disputeStatuses: Readonly<Record<string, ProviderDispute['status']>> = {
  needs_response: 'needs_response',
  under_review: 'under_review',
  appeal_needs_response: 'needs_response',
  appeal_under_review: 'under_review',
  charge_refunded: 'won',
  won: 'won',
  lost: 'lost',
};

/** An inquiry withdraws no money. If it becomes a chargeback, its status becomes that of a dispute. */
export const isInquiry = (status: string): boolean => status.startsWith('warning_') || status === 'prevented';

const Id = z.uuid();
/** The id that our request stored in the metadata; null for objects of other systems. */
const ownId = (text: string | undefined): string | null => Id.safeParse(text).data ?? null;
const toDate = (seconds: number | null | undefined): Date | null =>
  seconds === null || seconds === undefined ? null : new Date(seconds * 1_000);

const authorizedAmount = (intent: z.output<typeof Intent>): number =>
  intent.status === 'requires_capture' ? intent.amount_capturable : intent.amount_received;

function failureOf(intent: z.output<typeof Intent>): string | null {
  // Stripe cancels an authorization that was not captured in time.
  if (intent.cancellation_reason === 'automatic') return 'authorization_expired';
  const error = intent.last_payment_error;
  return error ? publicDeclineCode(error.decline_code ?? error.code) : null;
}

export function toIntent(body: unknown): ProviderIntent {
  const intent = Intent.parse(body);
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const minor = (amount: number) => fromStripeAmount(amount, intent.currency);
  return {
    ref: intent.id,
    paymentId: ownId(intent.metadata.paymentId),
    status: intentStatuses[intent.status],
    amountMinor: minor(intent.amount),
    currency: intent.currency,
    authorizedMinor: minor(authorizedAmount(intent)),
    capturedMinor: minor(intent.amount_received),
    // Before the capture, the release of an authorization is a refund of its charge.
    refundedMinor: intent.status === 'succeeded' ? minor(charge?.amount_refunded ?? 0) : 0,
    captureBefore:
      intent.status === 'requires_capture'
        ? toDate(charge?.payment_method_details?.card?.capture_before)
        : null,
    failureCode: failureOf(intent),
    redirectUrl: intent.next_action?.redirect_to_url?.url ?? null,
    clientSecret: intent.client_secret,
  };
}

export function toRefund(body: unknown): ProviderRefund {
  const refund = Refund.parse(body);
  return {
    ref: refund.id,
    refundId: ownId(refund.metadata?.refundId),
    reason: refund.metadata?.reason ?? null,
    amountMinor: fromStripeAmount(refund.amount, refund.currency),
    // A status that this version does not know is no outcome.
    status: refundStatuses[refund.status ?? ''] ?? 'pending',
  };
}

export function toDispute(body: unknown): ProviderDispute {
  const dispute = Dispute.parse(body);
  return {
    ref: dispute.id,
    paymentRef: dispute.payment_intent ?? dispute.charge,
    // A status that this version does not know decides nothing: the money stays frozen.
    status: disputeStatuses[dispute.status] ?? 'under_review',
    amountMinor: fromStripeAmount(dispute.amount, dispute.currency),
    currency: dispute.currency,
    reason: dispute.reason ?? null,
    evidenceDueAt: toDate(dispute.evidence_details.due_by),
    createdAt: new Date(dispute.created * 1_000),
  };
}

/** A transfer is on the host's account at once. Only a reversal of the whole amount makes it fail; one of a part is reported. */
export function toTransfer(body: unknown): ProviderTransfer {
  const transfer = Transfer.parse(body);
  const isReversed = transfer.reversed || transfer.amount_reversed >= transfer.amount;
  return {
    ref: transfer.id,
    payoutId: ownId(transfer.metadata.payoutId),
    status: isReversed ? 'failed' : 'paid',
    destination: transfer.destination ?? '',
    amountMinor: fromStripeAmount(transfer.amount, transfer.currency),
    reversedMinor: isReversed ? 0 : fromStripeAmount(transfer.amount_reversed, transfer.currency),
    currency: transfer.currency,
    failureCode: isReversed ? 'transfer_reversed' : null,
  };
}
