import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import type { PaymentOperation } from '../operation/operation.entity.js';
import { closeOperation } from '../operation/operation.queries.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import { stateMismatch } from './domain/provider-mismatch.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import type { CallOutcome } from './provider-caller.service.js';
import { ProviderStateService } from './provider-state.service.js';
import { Refund } from './refund.entity.js';
import { CHARGE_DISPUTED, RefundService } from './refund.service.js';

/** Records the outcome of a call to a provider, with the payment, its events and its movements. */
@Injectable()
export class OperationRecorder {
  constructor(
    private readonly states: ProviderStateService,
    private readonly refunds: RefundService,
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
    if (operation.kind === 'create' && !outcome.intent) await this.recordNotCreated(em, payment, outcome);
    if (outcome.intent) await this.states.apply(em, payment, outcome.intent, false);
  }

  /** The provider has rejected the payment for good, such as an amount below its minimum: there will be no money. */
  private async recordNotCreated(em: EntityManager, payment: Payment, outcome: CallOutcome): Promise<void> {
    const code = outcome.failureCode ?? 'not_created';
    payment.status = 'failed';
    payment.failureCode = code;
    await this.publisher.publish(em, payment, 'payment.failed', { code });
  }

  private async recordRefund(
    em: EntityManager,
    payment: Payment,
    refund: Refund,
    outcome: CallOutcome,
  ): Promise<void> {
    if (outcome.refund?.status !== 'succeeded') {
      const code = payment.status === 'disputed' ? CHARGE_DISPUTED : outcome.failureCode;
      await this.refunds.recordRejected(em, payment, refund, code ?? 'refund_failed');
      return;
    }
    await this.refunds.recordPaid(em, payment, refund, outcome.refund.ref);
    await this.publisher.publish(em, payment, 'payment.refunded', {
      refundId: refund.id,
      refundAmountMinor: refund.amountMinor,
      reason: refund.reason,
    });
  }
}
