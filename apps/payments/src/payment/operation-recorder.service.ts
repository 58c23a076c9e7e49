import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import type { PaymentOperation } from '../operation/operation.entity.js';
import { closeOperation } from '../operation/operation.queries.js';
import { isInProgress } from './domain/payment-state.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import { stateMismatch } from './domain/provider-mismatch.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import type { CallOutcome } from './provider-caller.service.js';
import { ProviderStateService } from './provider-state.service.js';
import { Refund } from './refund.entity.js';
import { REFUND_RETURNED, RefundRecorder } from './refund-recorder.service.js';
import { CHARGE_DISPUTED } from './refund.service.js';

/** Records the outcome of a call to a provider, with the payment, its events and its movements. */
@Injectable()
export class OperationRecorder {
  constructor(
    private readonly states: ProviderStateService,
    private readonly refunds: RefundRecorder,
    private readonly publisher: PaymentPublisher,
    private readonly clock: SystemClock,
  ) {}

  /**
   * Changes nothing if the operation is closed already. An operation whose outcome contradicts the payment fails, and the
   * outcome is not applied.
   */
  async record(em: EntityManager, operation: PaymentOperation, outcome: CallOutcome): Promise<void> {
    await lockPayment(em, operation.paymentId);
    const payment = await em.findOneOrFail(Payment, operation.paymentId);
    const mismatch = outcome.intent && stateMismatch(payment, outcome.intent);
    const failureCode = outcome.failureCode ?? mismatch;
    if (!(await closeOperation(em, operation.id, failureCode, this.clock.now()))) return;
    if (operation.refundId) {
      await this.recordRefund(em, payment, await em.findOneOrFail(Refund, operation.refundId), outcome);
    }
    if (outcome.intent) await this.states.apply(em, payment, outcome.intent, false);
    else if (operation.kind === 'create') await this.recordRefusedCreation(em, payment, outcome.failureCode);
  }

  /** The provider does not take this payment, for example because of its amount: it will never exist there. */
  private async recordRefusedCreation(
    em: EntityManager,
    payment: Payment,
    code: string | null,
  ): Promise<void> {
    if (!isInProgress(payment.status)) return;
    payment.status = 'failed';
    payment.failureCode = code ?? 'creation_refused';
    await this.publisher.publish(em, payment, 'payment.failed', { code: payment.failureCode });
  }

  /**
   * A refund that the provider has only accepted stays pending: `RefundStateService` finishes it. A paid one fails if the
   * guest's bank returns it; a failed one is final.
   */
  async recordRefund(
    em: EntityManager,
    payment: Payment,
    refund: Refund,
    outcome: Pick<CallOutcome, 'refund' | 'failureCode'>,
  ): Promise<void> {
    if (refund.status === 'succeeded' && outcome.refund?.status === 'failed') {
      const code = payment.status === 'disputed' ? CHARGE_DISPUTED : REFUND_RETURNED;
      await this.refunds.recordReturned(em, payment, refund, code);
    }
    if (refund.status !== 'pending') return;
    if (outcome.refund?.status === 'pending') {
      refund.providerRef = outcome.refund.ref;
      return;
    }
    if (outcome.refund?.status !== 'succeeded') {
      const code = payment.status === 'disputed' ? CHARGE_DISPUTED : outcome.failureCode;
      await this.refunds.recordRejected(em, payment, refund, code ?? 'refund_failed');
      return;
    }
    await this.refunds.recordPaid(em, payment, refund, outcome.refund.ref);
  }
}
