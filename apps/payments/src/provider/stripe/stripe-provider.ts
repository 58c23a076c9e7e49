import type Stripe from 'stripe';
import { patiently } from '../patiently.js';
import {
  type PaymentProvider,
  type ProviderCapabilities,
  type ProviderIntent,
  type ProviderListFilter,
  type ProviderRefund,
  ProviderRejection,
  ProviderShortage,
  ProviderUnavailable,
  type ProviderWebhook,
} from '../provider.port.js';
import { toIntent, toRefund } from './domain/stripe-objects.js';
import { amountFor, createdFilter, StripeApi, type StripeOptions } from './stripe-api.js';
import { StripeDisputes } from './stripe-disputes.js';
import { BALANCE_INSUFFICIENT, isReplayedFailure } from './stripe-errors.js';
import { StripeTransfers } from './stripe-transfers.js';
import { accountOf, readStripeWebhook } from './stripe-webhook.js';

/** The charge holds the refunded amount and the time-limit of an authorization. */
const WITH_CHARGE = { expand: ['latest_charge'] };
const CHARGES_OF_LIST = { expand: ['data.latest_charge'] };

type Request<Name extends 'create' | 'confirm' | 'capture' | 'cancel' | 'refund'> = Parameters<
  PaymentProvider[Name]
>[0];

/** Stripe: one PaymentIntent per payment, paid by card (docs/adr/0025-stripe-adapter.md). */
export class StripeProvider implements PaymentProvider {
  readonly name = 'stripe';
  /** A key is valid for one day at Stripe, and an operation can be retried later: refunds are listed before a retry. */
  readonly capabilities: ProviderCapabilities = {
    manualCapture: true,
    idempotentRefunds: false,
    serverConfirmation: true,
    latePayments: false,
    currencies: null,
    confirmation: 'client',
  };
  readonly account: string;
  readonly disputes: StripeDisputes;
  readonly transfers: StripeTransfers;
  private readonly api: StripeApi;

  constructor(private readonly options: StripeOptions) {
    this.account = accountOf(options.secretKey.includes('_live_'));
    this.api = new StripeApi(options);
    this.disputes = new StripeDisputes(this.api);
    this.transfers = new StripeTransfers(this.api);
  }

  async create(request: Request<'create'>): Promise<ProviderIntent> {
    const params = {
      ...amountFor(request),
      capture_method: request.capture,
      payment_method_types: ['card'],
      metadata: { paymentId: request.paymentId, bookingId: request.bookingId },
      ...WITH_CHARGE,
    };
    return this.api.callOnce(
      request.key,
      toIntent,
      (stripe, idempotencyKey) => stripe.paymentIntents.create(params, { idempotencyKey }),
      isReplayedFailure,
    );
  }

  async confirm(request: Request<'confirm'>): Promise<ProviderIntent> {
    const params = {
      payment_method: request.paymentMethod,
      // Without a page to return to, the client opens the bank's page with Stripe.js and the client secret.
      ...(request.returnUrl === null ? { use_stripe_sdk: true } : { return_url: request.returnUrl }),
      ...WITH_CHARGE,
    };
    return this.api.callOnce(
      request.key,
      toIntent,
      (stripe, idempotencyKey) => stripe.paymentIntents.confirm(request.ref, params, { idempotencyKey }),
      isReplayedFailure,
    );
  }

  async capture(request: Request<'capture'>): Promise<ProviderIntent> {
    const params = { amount_to_capture: amountFor(request).amount, ...WITH_CHARGE };
    return this.reaching('captured', request.ref, () =>
      this.api.callOnce(request.key, toIntent, (stripe, idempotencyKey) =>
        stripe.paymentIntents.capture(request.ref, params, { idempotencyKey }),
      ),
    );
  }

  async cancel(request: Request<'cancel'>): Promise<ProviderIntent> {
    return this.reaching('canceled', request.ref, () =>
      this.api.callOnce(request.key, toIntent, (stripe, idempotencyKey) =>
        stripe.paymentIntents.cancel(request.ref, WITH_CHARGE, { idempotencyKey }),
      ),
    );
  }

  async refund(request: Request<'refund'>): Promise<ProviderRefund> {
    const params = {
      payment_intent: request.ref,
      amount: amountFor(request).amount,
      metadata: { refundId: request.refundId, reason: request.reason },
    };
    try {
      return await this.api.call(toRefund, (stripe) =>
        stripe.refunds.create(params, { idempotencyKey: request.key }),
      );
    } catch (error) {
      // The guest's money is not lost: the refund is repeated until the balance at Stripe suffices. Stripe returns this error
      // for the same key for a day.
      if (error instanceof ProviderRejection && error.code === BALANCE_INSUFFICIENT) {
        throw new ProviderShortage('The balance at Stripe does not suffice for a refund');
      }
      throw error;
    }
  }

  async find(ref: string): Promise<ProviderIntent> {
    return this.api.call(toIntent, (stripe) => stripe.paymentIntents.retrieve(ref, WITH_CHARGE));
  }

  /**
   * Stripe's search lags behind by a minute or more. Null does not prove that the payment does not exist: until the
   * search finds it, the key of its creation does. A second, unconfirmed intent would move no money.
   */
  async findByPayment(paymentId: string): Promise<ProviderIntent | null> {
    const query = `metadata['paymentId']:'${paymentId}'`;
    const found = await this.api.call(
      (body) => (body as Stripe.ApiSearchResult<unknown>).data.map(toIntent),
      (stripe) => stripe.paymentIntents.search({ query, limit: 10, ...CHARGES_OF_LIST }),
    );
    const own = found.filter((intent) => intent.paymentId === paymentId);
    return own.find(({ status }) => status !== 'canceled') ?? own[0] ?? null;
  }

  /** A list, unlike a search, contains every refund at once. */
  async refunds(ref: string): Promise<ProviderRefund[]> {
    const refunds: ProviderRefund[] = [];
    for await (const refund of this.api.list(toRefund, (stripe, page) =>
      stripe.refunds.list({ payment_intent: ref, ...page }),
    )) {
      refunds.push(refund);
    }
    return refunds;
  }

  all(filter?: ProviderListFilter): AsyncIterable<ProviderIntent> {
    return this.api.list(
      toIntent,
      (stripe, page) => stripe.paymentIntents.list({ ...page, ...createdFilter(filter), ...CHARGES_OF_LIST }),
      patiently,
    );
  }

  readWebhook(
    rawBody: Buffer,
    headers: Record<string, string | string[] | undefined>,
    now: Date,
  ): ProviderWebhook | null {
    return readStripeWebhook(rawBody, headers['stripe-signature'], this.options.webhookSecrets, now);
  }

  /**
   * Runs a call that changes the state of an intent. Stripe rejects it when the intent has that state already. While the
   * bank still processes the payment, Stripe accepts no change, and the outcome is unclear.
   */
  private async reaching(
    status: ProviderIntent['status'],
    ref: string,
    change: () => Promise<ProviderIntent>,
  ): Promise<ProviderIntent> {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof ProviderRejection) || error.code !== 'intent_unexpected_state') throw error;
      const intent = await this.find(ref);
      if (intent.status === status) return intent;
      if (intent.status === 'processing') {
        throw new ProviderUnavailable('The bank has not decided about the payment yet');
      }
      throw new ProviderRejection(error.code, error.message, false, intent);
    }
  }
}
