export const PROVIDER_NAMES = ['sandbox', 'stripe', 'paystack'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** The features of a provider. Payments checks these and never a provider's name. */
export interface ProviderCapabilities {
  /** Authorizes an amount and captures it later. */
  manualCapture: boolean;
  /** Recognizes a repeated refund by its key. Otherwise its refunds are listed before each retry. */
  idempotentRefunds: boolean;
  /** This service confirms the guest's payment method; otherwise the guest's browser does. */
  serverConfirmation: boolean;
  /** A guest can still pay after `cancel`: voided payments are checked for some time, and late money is refunded. */
  latePayments: boolean;
  /** The currencies that it charges; null: all. */
  currencies: readonly string[] | null;
  /**
   * How clients should confirm: with the provider's library in the browser (default without `serverConfirmation`), by this
   * service (default otherwise), or at `redirectUrl`.
   */
  confirmation?: 'client' | 'server' | 'redirect';
}

/** The current state of a payment at the provider. */
export interface ProviderIntent {
  ref: string;
  /** The payment that it was created for, from its metadata at the provider. */
  paymentId: string | null;
  /** `processing`: the guest has paid, and the bank has not decided yet. */
  status: 'open' | 'action' | 'processing' | 'authorized' | 'captured' | 'canceled';
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
  /** Why Roost refunded it, if the provider stores that. */
  reason?: string | null;
  amountMinor: number;
  /** `pending`: accepted, and neither paid nor rejected yet. */
  status: 'pending' | 'succeeded' | 'failed';
}

/** The current state of a dispute (chargeback) at the provider. */
export interface ProviderDispute {
  ref: string;
  /** The provider's reference of the disputed payment. */
  paymentRef: string;
  status: 'needs_response' | 'under_review' | 'won' | 'lost';
  /** The amount that the provider withdrew when the dispute was opened. */
  amountMinor: number;
  currency: string;
  reason: string | null;
  evidenceDueAt: Date | null;
  createdAt: Date;
}

/** A transfer of a host's payout to the host's account at the provider. */
export interface ProviderTransfer {
  ref: string;
  /** The payout that it was created for, from its metadata at the provider. */
  payoutId: string | null;
  status: 'pending' | 'paid' | 'failed';
  /** Empty: the response does not contain it. */
  destination: string;
  amountMinor: number;
  /** The part that came back, while the rest stays with the host. */
  reversedMinor: number;
  currency: string;
  failureCode: string | null;
}

/** Which objects of a provider's list are read. */
export interface ProviderListFilter {
  /** Those that the provider created at or after this instant; null or undefined: all. */
  createdSince?: Date | null;
}

export interface ProviderDisputes {
  find(ref: string): Promise<ProviderDispute>;
  /** The disputes at the provider, the newest first, for recovery and reconciliation. */
  all(filter?: ProviderListFilter): AsyncIterable<ProviderDispute>;
}

export interface ProviderTransfers {
  /** `destination`: the host's account at the provider. The same key transfers once. */
  create(request: {
    key: string;
    payoutId: string;
    destination: string;
    amountMinor: number;
    currency: string;
  }): Promise<ProviderTransfer>;
  find(ref: string): Promise<ProviderTransfer>;
  findByPayout(payoutId: string): Promise<ProviderTransfer | null>;
  /** The transfers at the provider, for reconciliation. */
  all(filter?: ProviderListFilter): AsyncIterable<ProviderTransfer>;
}

/** The kind of object that a webhook reports a change of. */
export type WebhookSubject = 'payment' | 'dispute' | 'transfer';

export interface ReportedAmount {
  amountMinor: number;
  currency: string;
}

export interface ProviderWebhook {
  id: string;
  type: string;
  /** Null: payments ignores this type. */
  subject: WebhookSubject | null;
  /** The provider's reference of the subject. */
  ref: string | null;
  /** The payment of a payment or dispute, if the webhook contains its id. */
  paymentId: string | null;
  /** The amount of the payment, of a dispute's payment, or of the transfer; compared with ours, never applied. */
  reported?: ReportedAmount | null;
  /** The amount of the refund that a webhook about a payment reports; compared with its refunds, never applied. */
  reportedRefund?: ReportedAmount | null;
  /** The account at the provider that the webhook belongs to, with its mode if the provider has several. */
  account?: string | null;
}

/**
 * A payment provider. Every call that moves money takes an idempotency key, which is the same when the call is repeated.
 * A definite outcome is returned. A rejection throws a ProviderRejection. Everything else throws a ProviderUnavailable:
 * the outcome is unclear until the provider's state is read.
 */
export interface PaymentProvider {
  readonly name: ProviderName;
  readonly capabilities: ProviderCapabilities;
  /** The account whose webhooks are applied, as `ProviderWebhook.account`. Undefined or null: it is not compared. */
  readonly account?: string | null;
  /** Null: the provider reports no disputes. */
  readonly disputes: ProviderDisputes | null;
  /** Null: the provider cannot pay hosts. */
  readonly transfers: ProviderTransfers | null;
  create(request: {
    key: string;
    paymentId: string;
    bookingId: string;
    guestId: string;
    amountMinor: number;
    currency: string;
    capture: 'manual' | 'automatic';
    /** The page after the provider's own page, for a provider without `confirm`. */
    returnUrl?: string | null;
  }): Promise<ProviderIntent>;
  /** `returnUrl`: the page that the guest's browser opens after the bank's page. */
  confirm(request: {
    key: string;
    ref: string;
    paymentMethod: string;
    returnUrl: string | null;
  }): Promise<ProviderIntent>;
  capture(request: {
    key: string;
    ref: string;
    amountMinor: number;
    currency: string;
  }): Promise<ProviderIntent>;
  cancel(request: { key: string; ref: string }): Promise<ProviderIntent>;
  refund(request: {
    key: string;
    ref: string;
    refundId: string;
    amountMinor: number;
    currency: string;
    reason: string;
  }): Promise<ProviderRefund>;
  find(ref: string): Promise<ProviderIntent>;
  /** Null also if the payment exists in a form that no guest can reach, so that it can be created again. */
  findByPayment(paymentId: string): Promise<ProviderIntent | null>;
  refunds(ref: string): Promise<ProviderRefund[]>;
  /** The payments at the provider, for reconciliation. */
  all(filter?: ProviderListFilter): AsyncIterable<ProviderIntent>;
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

/** The balance at the provider does not suffice. A call with this key has moved no money, and never will. */
export class ProviderShortage extends ProviderUnavailable {}

/** Null: the provider rejects the read, because it does not have the object. */
export async function foundOrNull<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ProviderRejection) return null;
    throw error;
  }
}
