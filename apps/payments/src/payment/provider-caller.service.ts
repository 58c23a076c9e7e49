import { Inject, Injectable } from '@nestjs/common';
import { faultPoint } from '@roost/messaging';
import { LOGGER, Metrics } from '@roost/platform';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { PaymentOperation } from '../operation/operation.entity.js';
import {
  foundOrNull,
  type PaymentProvider,
  type ProviderIntent,
  type ProviderRefund,
  ProviderRejection,
  ProviderShortage,
  ProviderUnavailable,
} from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { isEnding } from './domain/payment-state.js';
import { CALL_FAILURES } from './domain/call-failures.js';
import type { Payment } from './payment.entity.js';
import type { Refund } from './refund.entity.js';
import { CHARGE_DISPUTED } from './refund.service.js';
import { RestoredRefunds } from './restored-refunds.service.js';
import { ReturnUrls } from './return-urls.js';

/** The definite outcome of a call. */
export interface CallOutcome {
  failureCode: string | null;
  intent: ProviderIntent | null;
  refund: ProviderRefund | null;
}

export interface ProviderCall {
  operation: PaymentOperation;
  payment: Payment;
  refund: Refund | null;
}

/** A call with its provider and the provider's reference of the payment. */
interface ExistingCall extends ProviderCall {
  provider: PaymentProvider;
  ref: string;
}

const done = (intent: ProviderIntent): CallOutcome => ({ failureCode: null, intent, refund: null });
const disputed: CallOutcome = { failureCode: CHARGE_DISPUTED, intent: null, refund: null };
const abandoned = (intent: ProviderIntent): CallOutcome => ({
  failureCode: 'abandoned',
  intent,
  refund: null,
});

/** Calls the provider of a payment. A repeated call reads the provider's state first. */
@Injectable()
export class ProviderCaller {
  private readonly calls: Counter<'kind' | 'outcome'>;

  constructor(
    private readonly providers: Providers,
    private readonly returnUrls: ReturnUrls,
    private readonly guard: RestoredRefunds,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.calls = metrics.counter(
      'roost_payments_provider_calls_total',
      'Calls to providers, by kind and outcome',
      ['kind', 'outcome'],
    );
  }

  /** Without an outcome, the call must be repeated with the same key; after a shortage, with the next one. */
  async call(call: ProviderCall): Promise<CallOutcome | 'unclear' | 'shortage'> {
    const { kind } = call.operation;
    try {
      const outcome = await this.request(call);
      this.calls.inc({ kind, outcome: outcome.failureCode === null ? 'done' : 'refused' });
      return outcome;
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      this.logger.warn(
        { err: error, paymentId: call.payment.id, operation: kind },
        'provider call unclear; the sweeper will retry',
      );
      this.calls.inc({ kind, outcome: 'unclear' });
      return error instanceof ProviderShortage ? 'shortage' : 'unclear';
    }
  }

  private async request(call: ProviderCall): Promise<CallOutcome> {
    const { operation, payment } = call;
    const provider = this.providers.of(payment.provider);
    await faultPoint('payments.before-provider');
    try {
      if (operation.kind === 'create') return await this.create(provider, call);
      const ref = payment.providerRef;
      if (ref === null) throw new Error(`payment ${payment.id} does not exist at its provider`);
      return await this.requestExisting({ ...call, provider, ref });
    } catch (error) {
      if (!(error instanceof ProviderRejection)) throw error;
      this.logger.info(
        { paymentId: payment.id, operation: operation.kind, code: error.code },
        'provider rejected a call',
      );
      const { providerRef } = payment;
      const intent = error.intent ?? (providerRef ? await foundOrNull(provider.find(providerRef)) : null);
      return { failureCode: failureCodeOf(operation, error), intent, refund: null };
    }
  }

  private async create(
    provider: PaymentProvider,
    { operation, payment }: ProviderCall,
  ): Promise<CallOutcome> {
    const existing = isRetry(operation) ? await provider.findByPayment(payment.id) : null;
    return done(
      existing ??
        (await provider.create({
          key: operation.key,
          paymentId: payment.id,
          bookingId: payment.bookingId,
          guestId: payment.guestId,
          amountMinor: payment.amountMinor,
          currency: payment.currency,
          capture: payment.capture,
          returnUrl: this.returnUrls.pageOf(payment.bookingId),
        })),
    );
  }

  private async requestExisting(call: ExistingCall): Promise<CallOutcome> {
    const { provider, operation, payment, ref } = call;
    const { key } = operation;
    switch (operation.kind) {
      case 'create':
        throw new Error(`operation ${operation.id} creates a payment that exists`);
      case 'confirm':
        return this.confirm(call);
      case 'capture':
        if (isEnding(payment.goal)) return abandoned(await provider.find(ref));
        return done(await provider.capture({ key, ref, ...amountOf(payment) }));
      case 'void':
        return done(await provider.cancel({ key, ref }));
      case 'refund':
        return this.refund(call);
    }
  }

  /** A retry never charges for a booking that has ended: the outcome of the first call is read instead. */
  private async confirm({ provider, operation, payment, ref }: ExistingCall): Promise<CallOutcome> {
    const current = isRetry(operation) ? await provider.find(ref) : null;
    if (current && current.status !== 'open') return done(current);
    if (current && isEnding(payment.goal)) return abandoned(current);
    const { key, returnUrl } = operation;
    return done(
      await provider.confirm({ key, ref, paymentMethod: operation.paymentMethod ?? '', returnUrl }),
    );
  }

  private async refund({ provider, operation, payment, refund, ref }: ExistingCall): Promise<CallOutcome> {
    if (!refund) throw new Error(`operation ${operation.id} has no refund`);
    const isDisputed = payment.status === 'disputed';
    // The bank may return the money itself. The outcome of an earlier call is requested nevertheless.
    if (isDisputed && !isRetry(operation)) return disputed;
    const isGuarded = await this.guard.isActive();
    const mustRead = isGuarded || (isRetry(operation) && !provider.capabilities.idempotentRefunds);
    const refunds = mustRead ? await provider.refunds(ref) : [];
    const existing = refunds.find(({ refundId }) => refundId === refund.id);
    if (isGuarded && !existing) await this.guard.requireKnown(payment.id, refunds);
    if (isDisputed && !existing && !provider.capabilities.idempotentRefunds) return disputed;
    const { id: refundId, amountMinor, reason } = refund;
    const { currency } = payment;
    const request = { key: refundKey(operation), ref, refundId, amountMinor, currency, reason };
    return { failureCode: null, intent: null, refund: existing ?? (await provider.refund(request)) };
  }
}

const amountOf = ({ amountMinor, currency }: Payment) => ({ amountMinor, currency });
/** The provider has stored each shortage for its key. Without one, the key of every worker and of every try is the same. */
const refundKey = ({ key, shortages }: PaymentOperation) => (shortages === 0 ? key : `${key}:${shortages}`);
const isRetry = (operation: PaymentOperation) => operation.tries > 1;

/**
 * Guests see the failure code of a confirmation. Only a decline and the codes of this system are public: another code is
 * one of the provider's own, about our request.
 */
const failureCodeOf = ({ kind }: PaymentOperation, { code, declined }: ProviderRejection): string =>
  kind !== 'confirm' || declined || CALL_FAILURES.has(code) ? code : 'invalid_request';
