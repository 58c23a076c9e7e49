import { unusedLoss } from './refund-due.js';

/** The states of a payment, and how a provider's state or a booking's outcome changes them. Pure: data in, data out. */
export const paymentStatuses = [
  'requires_payment_method',
  'requires_action',
  'processing',
  'authorized',
  'captured',
  'partially_refunded',
  'refunded',
  'voided',
  'failed',
  'disputed',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/** What the booking requires of its payment. */
export type PaymentGoal =
  /** Charge the guest, or authorize the amount where the host must accept first. */
  | 'pay'
  /** The host has accepted: capture the authorized amount. */
  | 'capture'
  /** The hold has expired: void the payment if it is unpaid. Bookings decides about money that was paid. */
  | 'expire'
  /** The booking has ended: void or refund. */
  | 'release';

export interface PaymentFacts {
  status: PaymentStatus;
  amountMinor: number;
  authorizedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  refundReservedMinor: number;
  disputeLostMinor: number;
  disputeOffsetMinor: number;
  goal: PaymentGoal;
  /** The amount to refund on release; null: the whole remaining amount. */
  releaseMinor: number | null;
  existsAtProvider: boolean;
}

/** The part of the provider's state that changes a payment. */
export interface ProviderState {
  status: 'open' | 'action' | 'processing' | 'authorized' | 'captured' | 'canceled';
  authorizedMinor: number;
  capturedMinor: number;
  failureCode: string | null;
}

/** The event that a state change publishes. */
export type StateChangeEvent =
  | { kind: 'action-required' }
  | { kind: 'authorized' }
  | { kind: 'captured' }
  /** Money for a payment that had ended: refunded in full, and published only as a refund. */
  | { kind: 'captured-late' }
  | { kind: 'voided' }
  | { kind: 'failed'; code: string };

export interface StateChange {
  status: PaymentStatus;
  authorizedMinor: number;
  capturedMinor: number;
  failureCode: string | null;
  event: StateChangeEvent | null;
}

const inProgress: readonly PaymentStatus[] = [
  'requires_payment_method',
  'requires_action',
  'processing',
  'authorized',
];

/** The money is neither captured nor voided, and the payment has not failed. */
export const isInProgress = (status: PaymentStatus) => inProgress.includes(status);

/** The guest may still pay, so the client secret and the bank's URL are returned. */
export const mayStillPay = ({ status, goal }: Pick<PaymentFacts, 'status' | 'goal'>) =>
  isInProgress(status) && status !== 'authorized' && !isEnding(goal);

/** The payment ended without money, but the guest may have paid at the same moment, or later in an open page. */
const mayBePaidLate = (status: PaymentStatus) => status === 'voided' || status === 'failed';

/**
 * The payment after the provider's state is applied. Provider states may arrive twice and in any order: a payment never
 * goes back from captured to authorized or open, so an older provider state changes nothing. A payment that has ended here
 * changes only if it was paid nevertheless.
 * `confirming`: a confirmation is in progress, and only its own response reports a declined card.
 */
export function applyProviderState(
  facts: PaymentFacts,
  provider: ProviderState,
  confirming: boolean,
): StateChange {
  const unchanged: StateChange = {
    status: facts.status,
    authorizedMinor: facts.authorizedMinor,
    capturedMinor: facts.capturedMinor,
    failureCode: null,
    event: null,
  };
  const captured = (kind: 'captured' | 'captured-late'): StateChange => ({
    status: 'captured',
    authorizedMinor: provider.authorizedMinor,
    capturedMinor: provider.capturedMinor,
    failureCode: null,
    event: { kind },
  });
  if (mayBePaidLate(facts.status) && provider.status === 'captured') return captured('captured-late');
  if (!isInProgress(facts.status)) return unchanged;
  switch (provider.status) {
    case 'captured':
      return captured('captured');
    case 'authorized':
      if (facts.status === 'authorized') return unchanged;
      return {
        ...unchanged,
        status: 'authorized',
        authorizedMinor: provider.authorizedMinor,
        event: { kind: 'authorized' },
      };
    case 'action':
      if (facts.status === 'authorized' || facts.status === 'requires_action') return unchanged;
      return { ...unchanged, status: 'requires_action', event: { kind: 'action-required' } };
    case 'processing':
      return facts.status === 'authorized' ? unchanged : { ...unchanged, status: 'processing' };
    case 'open':
      if (facts.status === 'authorized' || facts.status === 'requires_payment_method' || confirming) {
        return unchanged;
      }
      return { ...unchanged, status: 'requires_payment_method', failureCode: provider.failureCode };
    case 'canceled':
      // After the host has accepted, a canceled authorization is a failure. Otherwise the payment was voided on purpose.
      if (facts.goal === 'capture') {
        const code = provider.failureCode ?? 'authorization_canceled';
        return { ...unchanged, status: 'failed', failureCode: code, event: { kind: 'failed', code } };
      }
      return {
        ...unchanged,
        status: 'voided',
        failureCode: provider.failureCode,
        event: { kind: 'voided' },
      };
  }
}

export type NextStep =
  | { kind: 'create' }
  | { kind: 'capture' }
  | { kind: 'void' }
  /** `offsetMinor`: the part of the due refund that the guest's bank has returned. The refund can be zero. */
  | { kind: 'refund'; amountMinor: number; offsetMinor: number }
  /** The payment does not exist at the provider: cancel its creation. */
  | { kind: 'abandon' };

/** The operation that brings the payment closer to its goal; null when none is required. */
export function nextStep(facts: PaymentFacts): NextStep | null {
  if (isInProgress(facts.status) && !facts.existsAtProvider) {
    return isEnding(facts.goal) ? { kind: 'abandon' } : { kind: 'create' };
  }
  switch (facts.goal) {
    case 'pay':
      return null;
    case 'capture':
      return facts.status === 'authorized' ? { kind: 'capture' } : null;
    case 'expire':
      return isInProgress(facts.status) && facts.status !== 'authorized' ? { kind: 'void' } : null;
    case 'release': {
      if (isInProgress(facts.status)) return { kind: 'void' };
      if (facts.status !== 'captured' && facts.status !== 'partially_refunded') return null;
      // A disputed payment waits: the bank may return the money itself.
      const remaining = facts.capturedMinor - facts.refundReservedMinor - facts.disputeLostMinor;
      const unused = unusedLoss(facts);
      const offsetMinor = facts.releaseMinor === null ? unused : Math.min(unused, facts.releaseMinor);
      const due = facts.releaseMinor === null ? remaining : facts.releaseMinor - offsetMinor;
      const amountMinor = Math.max(0, Math.min(due, remaining));
      return amountMinor > 0 || offsetMinor > 0 ? { kind: 'refund', amountMinor, offsetMinor } : null;
    }
  }
}

/** The booking no longer requires this payment: nothing more may be charged. */
export const isEnding = (goal: PaymentGoal) => goal === 'release' || goal === 'expire';

/** The status of a captured payment without an open dispute. `returnedMinor`: paid to the guest by refunds and by the bank. */
export function statusAfterRefund(capturedMinor: number, returnedMinor: number): PaymentStatus {
  if (returnedMinor === 0) return 'captured';
  return returnedMinor < capturedMinor ? 'partially_refunded' : 'refunded';
}

export type BookingOutcome =
  | { kind: 'requested' }
  | { kind: 'accepted' }
  | { kind: 'confirmed' }
  | { kind: 'declined' }
  | { kind: 'expired'; cause: 'hold' | 'host' | 'check-in' | 'capture' }
  | { kind: 'cancelled'; refundMinor: number };

/** The goal of a payment after its booking reached `outcome`. */
export function goalAfter(
  facts: Pick<PaymentFacts, 'goal' | 'releaseMinor'> & { confirmed: boolean },
  outcome: BookingOutcome,
): { goal: PaymentGoal; releaseMinor: number | null } {
  // A booking ends once. A second end is a redelivered event and changes nothing.
  if (facts.goal === 'release') return { goal: 'release', releaseMinor: facts.releaseMinor };
  const releaseAll = { goal: 'release', releaseMinor: null } as const;
  switch (outcome.kind) {
    case 'requested':
      return { goal: 'pay', releaseMinor: null };
    case 'confirmed':
      return { goal: facts.goal === 'capture' ? 'capture' : 'pay', releaseMinor: null };
    case 'accepted':
      return { goal: 'capture', releaseMinor: null };
    case 'declined':
      return releaseAll;
    case 'expired':
      // The first expiry of the hold precedes any payment. The second one is the rejection of a late payment by bookings.
      return outcome.cause === 'hold' && facts.goal !== 'expire'
        ? { goal: 'expire', releaseMinor: null }
        : releaseAll;
    case 'cancelled':
      return facts.confirmed ? { goal: 'release', releaseMinor: outcome.refundMinor } : releaseAll;
  }
}
