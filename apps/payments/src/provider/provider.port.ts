/** What a provider can do; payments asks instead of knowing names. */
export interface ProviderCapabilities {
  /** Can hold the money now and take it later. */
  manualCapture: boolean;
  /** Knows a repeated refund by its key; otherwise its refunds are listed before each retry. */
  idempotentRefunds: boolean;
  /** The guest's payment method is confirmed through this service (else in the browser). */
  serverConfirmation: boolean;
}

/** A payment as the provider has it now. */
export interface ProviderIntent {
  ref: string;
  /** The payment it was made for, as noted on it at the provider. */
  paymentId: string | null;
  status: 'open' | 'action' | 'authorized' | 'captured' | 'canceled';
  amountMinor: number;
  currency: string;
  authorizedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  captureBefore: Date | null;
  failureCode: string | null;
  redirectUrl: string | null;
  clientSecret: string | null;
}

export interface ProviderRefund {
  ref: string;
  refundId: string | null;
  amountMinor: number;
  status: 'succeeded' | 'failed';
}

export interface ProviderWebhook {
  id: string;
  type: string;
  /** The provider's payment that it is about; null when the type means nothing to us. */
  ref: string | null;
  paymentId: string | null;
}

/**
 * A payment provider. Every call that moves money takes a key that stays the same when the call is repeated.
 * What is certain comes back; a refusal is a ProviderRefusal; anything else is a ProviderUnavailable, and then
 * nobody knows whether it was done until the provider is asked.
 */
export interface PaymentProvider {
  readonly name: 'sandbox' | 'stripe' | 'paystack';
  readonly capabilities: ProviderCapabilities;
  create(wanted: {
    key: string;
    paymentId: string;
    bookingId: string;
    amountMinor: number;
    currency: string;
    capture: 'manual' | 'automatic';
  }): Promise<ProviderIntent>;
  confirm(wanted: { key: string; ref: string; paymentMethod: string }): Promise<ProviderIntent>;
  capture(wanted: { key: string; ref: string; amountMinor: number }): Promise<ProviderIntent>;
  cancel(wanted: { key: string; ref: string }): Promise<ProviderIntent>;
  refund(wanted: {
    key: string;
    ref: string;
    refundId: string;
    amountMinor: number;
    reason: string;
  }): Promise<ProviderRefund>;
  find(ref: string): Promise<ProviderIntent>;
  findByPayment(paymentId: string): Promise<ProviderIntent | null>;
  refunds(ref: string): Promise<ProviderRefund[]>;
  /** Everything it has, for reconciliation. */
  all(): AsyncIterable<ProviderIntent>;
  /** Checks the signature over the raw body, then reads it. Null: not signed by the provider, or too old. */
  readWebhook(
    rawBody: Buffer,
    headers: Record<string, string | string[] | undefined>,
    now: Date,
  ): ProviderWebhook | null;
}

/** The provider has said no. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';

  constructor(
    readonly code: string,
    message: string,
    /** The guest's bank or card says no, as opposed to a call that does not fit the payment's state. */
    readonly declined: boolean,
    readonly intent: ProviderIntent | null = null,
  ) {
    super(message);
  }
}

/** No answer, or none that says what happened. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}
