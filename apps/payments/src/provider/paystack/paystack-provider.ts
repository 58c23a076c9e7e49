import type { Tracing } from '@roost/tracing';
import {
  type PaymentProvider,
  type ProviderCapabilities,
  type ProviderIntent,
  type ProviderListFilter,
  type ProviderRefund,
  ProviderRejection,
  ProviderUnavailable,
  type ProviderWebhook,
} from '../provider.port.js';
import { filtered, PaystackClient } from './paystack-client.js';
import { PaystackDisputes } from './paystack-disputes.js';
import { isNotFound } from './paystack-errors.js';
import { Initialized, paidMinor, Refund, toIntent, toRefund, Transaction } from './paystack-objects.js';
import { paymentReference, refundNote } from './paystack-reference.js';
import { PaystackTransfers } from './paystack-transfers.js';
import { PAYSTACK_CURRENCIES, toSubunits } from './paystack-units.js';
import { accountOfKey, readPaystackWebhook } from './paystack-webhook.js';

export interface PaystackOptions {
  url: string;
  secretKey: string;
  /** The domain of the placeholder addresses: payments has no address of the guest. */
  customerEmailDomain: string;
  timeoutSeconds: number;
  tracing: Tracing;
}

/** The number of transactions of one payment. Each one replaces a transaction whose response was lost. */
const MAX_ATTEMPTS = 20;

/** Paystack: the guest pays on Paystack's page, and the money is captured at once. */
export class PaystackProvider implements PaymentProvider {
  readonly name = 'paystack';
  readonly capabilities: ProviderCapabilities = {
    manualCapture: false,
    idempotentRefunds: false,
    serverConfirmation: false,
    latePayments: true,
    currencies: PAYSTACK_CURRENCIES,
    confirmation: 'redirect',
  };
  readonly account: string;
  readonly disputes: PaystackDisputes;
  readonly transfers: PaystackTransfers;
  private readonly client: PaystackClient;

  constructor(private readonly options: PaystackOptions) {
    this.account = accountOfKey(options.secretKey);
    this.client = new PaystackClient(options);
    this.disputes = new PaystackDisputes(this.client);
    this.transfers = new PaystackTransfers(this.client);
  }

  /**
   * Initializes a transaction. Paystack returns the URL of its page once. A transaction whose response was lost is
   * unreachable for everyone, so the next attempt replaces it, and at most one transaction of a payment can be paid.
   */
  async create(request: Parameters<PaymentProvider['create']>[0]): Promise<ProviderIntent> {
    const deadline = this.client.deadline();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const reference = paymentReference(request.paymentId, attempt);
      try {
        return await this.initialize(request, reference, deadline);
      } catch (error) {
        if (!(error instanceof ProviderRejection) || error.code !== 'reference_exists') throw error;
      }
      const existing = await this.read(reference, deadline);
      if (existing.status === 'captured') return existing;
    }
    throw new ProviderUnavailable('Paystack accepted no reference of the payment');
  }

  confirm(): Promise<ProviderIntent> {
    return Promise.reject(notSupported('confirm'));
  }

  capture(): Promise<ProviderIntent> {
    return Promise.reject(notSupported('capture'));
  }

  /** Paystack cancels nothing: an unpaid transaction counts as canceled, and may still be paid in an open page. */
  async cancel({ ref }: { key: string; ref: string }): Promise<ProviderIntent> {
    const intent = await this.find(ref);
    return intent.status === 'captured' ? intent : { ...intent, status: 'canceled' };
  }

  async refund(request: Parameters<PaymentProvider['refund']>[0]): Promise<ProviderRefund> {
    const deadline = this.client.deadline();
    const { currency } = await this.transaction(request.ref, deadline);
    const body = {
      transaction: request.ref,
      amount: toSubunits(request.amountMinor, currency),
      currency,
      merchant_note: refundNote(request.refundId),
      customer_note: request.reason,
    };
    try {
      return toRefund(await this.client.request({ path: '/refund', schema: Refund, body, deadline }));
    } catch (error) {
      // The guest's money is not lost: the refund is repeated until the balance at Paystack suffices.
      if (error instanceof ProviderRejection && error.code === 'balance_insufficient') {
        throw new ProviderUnavailable('The balance at Paystack does not suffice for a refund');
      }
      throw error;
    }
  }

  find(ref: string): Promise<ProviderIntent> {
    return this.read(ref, this.client.deadline());
  }

  /** Null for transactions that no one has paid: the URL of their page was lost. */
  async findByPayment(paymentId: string): Promise<ProviderIntent | null> {
    const deadline = this.client.deadline();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        const intent = await this.read(paymentReference(paymentId, attempt), deadline);
        if (intent.status === 'captured') return intent;
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    }
    return null;
  }

  async refunds(ref: string): Promise<ProviderRefund[]> {
    const deadline = this.client.deadline();
    const { id } = await this.transaction(ref, deadline);
    return (await this.refundsOf(id, deadline)).map(toRefund);
  }

  /** The refunds are read first: a transaction is listed without them, and is older than each of them. */
  async *all(filter?: ProviderListFilter): AsyncIterable<ProviderIntent> {
    const refundedMinor = new Map<number, number>();
    for await (const refund of this.client.list(filtered('/refund', filter), Refund)) {
      const { transaction } = refund;
      refundedMinor.set(transaction, (refundedMinor.get(transaction) ?? 0) + paidMinor(refund));
    }
    for await (const transaction of this.client.list(filtered('/transaction', filter), Transaction)) {
      yield toIntent(transaction, refundedMinor.get(transaction.id) ?? 0);
    }
  }

  readWebhook(
    rawBody: Buffer,
    headers: Record<string, string | string[] | undefined>,
  ): ProviderWebhook | null {
    return readPaystackWebhook(this.options.secretKey, rawBody, headers);
  }

  private async initialize(
    request: Parameters<PaymentProvider['create']>[0],
    reference: string,
    deadline: AbortSignal,
  ): Promise<ProviderIntent> {
    const { paymentId, bookingId, guestId, amountMinor, currency, returnUrl = null } = request;
    const amount = toSubunits(amountMinor, currency);
    const body = {
      reference,
      // Paystack documents it as a text.
      amount: String(amount),
      currency,
      email: `guest-${guestId}@${this.options.customerEmailDomain}`,
      metadata: { paymentId, bookingId },
      ...(returnUrl === null ? {} : { callback_url: returnUrl }),
    };
    const path = '/transaction/initialize';
    const { authorization_url: url } = await this.client.request({
      path,
      schema: Initialized,
      body,
      deadline,
    });
    const transaction = { id: 0, reference, status: 'abandoned', amount, currency };
    return { ...toIntent(transaction, 0), redirectUrl: url };
  }

  private transaction(ref: string, deadline: AbortSignal): Promise<Transaction> {
    const path = `/transaction/verify/${encodeURIComponent(ref)}`;
    return this.client.request({ path, schema: Transaction, deadline });
  }

  private async read(ref: string, deadline: AbortSignal): Promise<ProviderIntent> {
    const transaction = await this.transaction(ref, deadline);
    const intent = toIntent(transaction, 0);
    if (intent.status !== 'captured') return intent;
    const refunds = await this.refundsOf(transaction.id, deadline);
    return { ...intent, refundedMinor: refunds.reduce((total, refund) => total + paidMinor(refund), 0) };
  }

  private async refundsOf(transactionId: number, deadline: AbortSignal): Promise<Refund[]> {
    const refunds = await Array.fromAsync(
      this.client.list(`/refund?transaction=${transactionId}`, Refund, deadline),
    );
    // A filter that Paystack ignores would match the refunds of other guests.
    return refunds.filter(({ transaction }) => transaction === transactionId);
  }
}

const notSupported = (call: string) =>
  new ProviderRejection('not_supported', `Paystack has no call to ${call} a payment`, false);
