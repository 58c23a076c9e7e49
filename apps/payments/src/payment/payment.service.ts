import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Clock, invalidField, Problem } from '@roost/platform';
import { OperationScheduler } from '../operation/operation-scheduler.service.js';
import { PaymentOperation } from '../operation/operation.entity.js';
import type { ProviderIntent } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { CALL_FAILURES } from './domain/call-failures.js';
import type { Mismatch } from './domain/provider-mismatch.js';
import { OperationRunner } from './operation-runner.service.js';
import { Payment } from './payment.entity.js';
import { ProviderStateService } from './provider-state.service.js';

interface ConfirmationRequest {
  paymentMethod: string;
  /** The page that the guest returns to after the bank's page. */
  returnUrlOf: (bookingId: string) => string | null;
}

interface Confirmation extends ConfirmationRequest {
  paymentId: string;
  guestId: string;
}

@Injectable()
export class PaymentService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly states: ProviderStateService,
    private readonly operations: OperationScheduler,
    private readonly runner: OperationRunner,
    private readonly providers: Providers,
    private readonly clock: Clock,
  ) {}

  /** Charges the guest. Repeated and concurrent requests with the same payment method charge once. */
  async confirm(paymentId: string, guest: AuthUser, request: ConfirmationRequest): Promise<Payment> {
    const operationId = await this.transactions.run((em) =>
      this.startConfirmation(em, { paymentId, guestId: guest.id, ...request }),
    );
    if (operationId !== null) {
      await this.runner.run(operationId);
      const operation = await this.runner.waitUntilClosed(operationId);
      if (operation === null) {
        throw unavailable();
      }
      throwIfFailed(operation);
    }
    return this.orm.em.fork().findOneOrFail(Payment, paymentId);
  }

  /**
   * Applies the provider's current state. An older or repeated state changes nothing. Returns the contradiction of a state
   * that is not applied.
   */
  async applyProviderState(
    em: EntityManager,
    paymentId: string,
    intent: ProviderIntent,
  ): Promise<Mismatch | null> {
    const payment = await em.findOneOrFail(Payment, paymentId);
    const confirming = await em.count(PaymentOperation, { paymentId, kind: 'confirm', status: 'pending' });
    return this.states.apply(em, payment, intent, confirming > 0);
  }

  /** Reads the provider's state of a payment and applies it. */
  async refresh(payment: Payment): Promise<void> {
    if (payment.providerRef === null) return;
    const intent = await this.providers.of(payment.provider).find(payment.providerRef);
    await this.transactions.run((em) => this.applyProviderState(em, payment.id, intent));
  }

  /** Returns the confirmation to run; null if this payment method was charged already. */
  private async startConfirmation(
    em: EntityManager,
    { paymentId, guestId, paymentMethod, returnUrlOf }: Confirmation,
  ): Promise<string | null> {
    const payment = await em.findOne(Payment, { id: paymentId, guestId });
    if (!payment) throw new Problem('payment.not_found');
    await requireActiveAccount(em, guestId);
    const provider = this.providers.find(payment.provider);
    if (!provider) throw unavailable();
    if (!provider.capabilities.serverConfirmation) throw new Problem('payment.confirmed_at_provider');
    const last =
      payment.attempts === 0 ? null : await em.findOne(PaymentOperation, { key: confirmKey(payment) });
    const isRepeated = last?.paymentMethod === paymentMethod && last.status !== 'failed';
    if (payment.status === 'processing' && last && isRepeated) return last.id;
    if (['authorized', 'captured'].includes(payment.status) && isRepeated) return null;
    this.requirePayable(payment);
    payment.attempts += 1;
    payment.status = 'processing';
    payment.failureCode = null;
    payment.redirectUrl = null;
    payment.updatedAt = this.clock.now();
    return this.operations.schedule(em, {
      paymentId: payment.id,
      kind: 'confirm',
      key: confirmKey(payment),
      paymentMethod,
      returnUrl: returnUrlOf(payment.bookingId),
      enqueue: false,
    });
  }

  private requirePayable(payment: Payment): void {
    const isDue = ['requires_payment_method', 'requires_action'].includes(payment.status);
    const isExpired = payment.expiresAt !== null && payment.expiresAt <= this.clock.now();
    if (!isDue || payment.goal !== 'pay' || isExpired) {
      throw new Problem('payment.wrong_state', undefined, { status: payment.status });
    }
    if (payment.providerRef === null) throw new Problem('payment.not_ready');
  }
}

const unavailable = () => new Problem('payment.provider_unavailable', undefined, {}, { 'retry-after': '5' });

const confirmKey = (payment: Payment) => `confirm:${payment.id}:${payment.attempts}`;

function throwIfFailed({ failureCode }: PaymentOperation): void {
  if (failureCode === null) return;
  if (failureCode === 'payment_method_unknown') {
    throw invalidField('/paymentMethod', 'Must be a payment method that the provider supports');
  }
  if (CALL_FAILURES.has(failureCode)) throw new Problem('payment.wrong_state');
  throw new Problem('payment.declined', undefined, { reason: failureCode });
}
