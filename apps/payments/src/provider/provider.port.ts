/** The features of a provider. Payments checks these and never a provider's name. */
export interface ProviderCapabilities {
  /** Authorizes an amount and captures it later. */
  manualCapture: boolean;
  /** Recognizes a repeated refund by its key. Otherwise its refunds are listed before each retry. */
  idempotentRefunds: boolean;
  /** This service confirms the guest's payment method; otherwise the guest's browser does. */
  serverConfirmation: boolean;
}

/** The current state of a payment at the provider. */
export interface ProviderIntent {
  ref: string;
  /** The payment that it was created for, from its metadata at the provider. */
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
  /** The provider's reference of the payment; null for types that payments ignores. */
  ref: string | null;
  paymentId: string | null;
}

/**
 * A payment provider. Every call that moves money takes an idempotency key, which is the same when the call is repeated.
 * A definite outcome is returned. A rejection throws a ProviderRejection. Everything else throws a ProviderUnavailable:
 * the outcome is unclear until the provider's state is read.
 */
export interface PaymentProvider {
  readonly name: 'sandbox' | 'stripe' | 'paystack';
  readonly capabilities: ProviderCapabilities;
  create(request: {
    key: string;
    paymentId: string;
    bookingId: string;
    amountMinor: number;
    currency: string;
    capture: 'manual' | 'automatic';
  }): Promise<ProviderIntent>;
  confirm(request: { key: string; ref: string; paymentMethod: string }): Promise<ProviderIntent>;
  capture(request: { key: string; ref: string; amountMinor: number }): Promise<ProviderIntent>;
  cancel(request: { key: string; ref: string }): Promise<ProviderIntent>;
  refund(request: {
    key: string;
    ref: string;
    refundId: string;
    amountMinor: number;
    reason: string;
  }): Promise<ProviderRefund>;
  find(ref: string): Promise<ProviderIntent>;
  findByPayment(paymentId: string): Promise<ProviderIntent | null>;
  refunds(ref: string): Promise<ProviderRefund[]>;
  /** All payments at the provider, for reconciliation. */
  all(): AsyncIterable<ProviderIntent>;
  /** Verifies the signature over the raw body, then parses it. Null: the signature is missing, wrong or too old. */
  readWebhook(
    rawBody: Buffer,
    headers: Record<string, string | string[] | undefined>,
    now: Date,
  ): ProviderWebhook | null;
}

/** The provider has rejected the call. */
export class ProviderRejection extends Error {
  override readonly name = 'ProviderRejection';

  constructor(
    readonly code: string,
    message: string,
    /** The guest's bank or card declined. Otherwise the call does not fit the payment's state. */
    readonly declined: boolean,
    readonly intent: ProviderIntent | null = null,
  ) {
    super(message);
  }
}

/** The provider did not respond, or its response does not state the outcome. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}
