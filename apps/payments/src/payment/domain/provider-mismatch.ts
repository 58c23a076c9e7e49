import type { ProviderState } from './payment-state.js';

/** The reasons why a provider's state or webhook is not applied to a payment. */
export const mismatches = [
  'amount_differs',
  'currency_differs',
  'reference_differs',
  'account_differs',
  /** A transfer went to another account than that of its payout. */
  'destination_differs',
] as const;
export type Mismatch = (typeof mismatches)[number];

interface ExpectedPayment {
  providerRef: string | null;
  amountMinor: number;
  currency: string;
}

interface ReportedAmount {
  amountMinor: number;
  currency: string;
}

interface ReportedState extends ReportedAmount {
  ref: string;
  status: ProviderState['status'];
  authorizedMinor: number;
  capturedMinor: number;
}

/** The first contradiction between an amount that a provider reports and ours; null if there is none. */
export function amountMismatch(payment: ReportedAmount, reported: ReportedAmount): Mismatch | null {
  if (reported.currency !== payment.currency) return 'currency_differs';
  return reported.amountMinor === payment.amountMinor ? null : 'amount_differs';
}

/**
 * The first contradiction between a provider's state and a payment. Payments are authorized and captured as a whole, and
 * each has one reference at its provider.
 */
export function stateMismatch(payment: ExpectedPayment, state: ReportedState): Mismatch | null {
  if (payment.providerRef !== null && payment.providerRef !== state.ref) return 'reference_differs';
  const mismatch = amountMismatch(payment, state);
  if (mismatch) return mismatch;
  const { amountMinor } = payment;
  if (state.status === 'captured' && state.capturedMinor !== amountMinor) return 'amount_differs';
  if (state.status === 'authorized' && state.authorizedMinor !== amountMinor) return 'amount_differs';
  return null;
}
