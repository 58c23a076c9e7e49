import { randomBytes } from 'node:crypto';

/** Stripe's objects with all fields that its OpenAPI document requires and those that the adapter reads. */
export const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;
const now = () => Math.floor(Date.now() / 1_000);

export interface StripeObject {
  id: string;
  object: string;
}

export interface Charge extends StripeObject {
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  currency: string;
  captured: boolean;
  paid: boolean;
  refunded: boolean;
  disputed: boolean;
  status: 'succeeded' | 'failed' | 'pending';
  payment_intent: string;
  payment_method_details: { type: 'card'; card: object };
}

export interface PaymentIntent extends StripeObject {
  status:
    | 'requires_payment_method'
    | 'requires_action'
    | 'processing'
    | 'requires_capture'
    | 'succeeded'
    | 'canceled';
  amount: number;
  amount_capturable: number;
  amount_received: number;
  currency: string;
  capture_method: 'manual' | 'automatic';
  metadata: Record<string, string>;
  latest_charge: string | null;
  last_payment_error: object | null;
  next_action: {
    type: string;
    redirect_to_url?: { url: string; return_url: string };
    use_stripe_sdk?: object;
  } | null;
  payment_method: string | null;
}

export interface Refund extends StripeObject {
  amount: number;
  currency: string;
  status: 'pending' | 'succeeded' | 'failed' | 'requires_action' | 'canceled';
  charge: string;
  payment_intent: string;
  metadata: Record<string, string>;
}

export interface Dispute extends StripeObject {
  amount: number;
  currency: string;
  status: string;
  charge: string;
  payment_intent: string;
}

export interface Transfer extends StripeObject {
  amount: number;
  amount_reversed: number;
  currency: string;
  destination: string;
  reversed: boolean;
  transfer_group: string | null;
  metadata: Record<string, string>;
}

export function newIntent(
  given: Pick<PaymentIntent, 'amount' | 'currency' | 'capture_method' | 'metadata'>,
): PaymentIntent & { client_secret: string; created: number; livemode: boolean } {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    created: now(),
    livemode: false,
    client_secret: `${id}_secret_${randomBytes(12).toString('hex')}`,
    status: 'requires_payment_method',
    amount_capturable: 0,
    amount_received: 0,
    latest_charge: null,
    last_payment_error: null,
    next_action: null,
    payment_method: null,
    ...given,
  };
}

export function newCharge(intent: PaymentIntent, status: Charge['status'], captured: boolean) {
  const paid = status === 'succeeded';
  const capture_before = captured || !paid ? {} : { capture_before: now() + 7 * 86_400 };
  return {
    id: newId('ch'),
    object: 'charge',
    created: now(),
    livemode: false,
    amount: intent.amount,
    amount_captured: captured && paid ? intent.amount : 0,
    amount_refunded: 0,
    currency: intent.currency,
    captured: captured && paid,
    paid,
    refunded: false,
    disputed: false,
    status,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    metadata: intent.metadata,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    payment_method_details: {
      type: 'card' as const,
      card: { brand: 'visa', exp_month: 8, exp_year: 2030, last4: '4242', ...capture_before },
    },
  } satisfies Charge & Record<string, unknown>;
}

export function newRefund(charge: Charge, given: Pick<Refund, 'amount' | 'metadata' | 'status'>) {
  const { currency, id, payment_intent } = charge;
  return {
    id: newId('re'),
    object: 'refund',
    created: now(),
    currency,
    charge: id,
    payment_intent,
    ...given,
  };
}

export function newDispute(charge: Charge, status: string) {
  return {
    id: newId('du'),
    object: 'dispute',
    created: now(),
    livemode: false,
    amount: charge.amount_captured,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: charge.payment_intent,
    balance_transactions: [],
    enhanced_eligibility_types: [],
    evidence: { enhanced_evidence: {} },
    evidence_details: {
      due_by: now() + 9 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: false,
    metadata: {},
    reason: 'fraudulent',
    status,
  };
}

export function newTransfer(
  given: Pick<Transfer, 'amount' | 'currency' | 'destination' | 'metadata' | 'transfer_group'>,
) {
  const id = newId('tr');
  return {
    id,
    object: 'transfer',
    created: now(),
    livemode: false,
    amount_reversed: 0,
    reversed: false,
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` },
    ...given,
  };
}
