import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { OperationScheduler } from '../operation/operation-scheduler.service.js';
import { nextStep } from './domain/payment-state.js';
import { factsOf } from './payment-facts.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import type { Payment } from './payment.entity.js';
import { RefundService } from './refund.service.js';

/** Schedules the operation that brings a payment closer to its goal. */
@Injectable()
export class PaymentStepScheduler {
  constructor(
    private readonly operations: OperationScheduler,
    private readonly refunds: RefundService,
    private readonly publisher: PaymentPublisher,
  ) {}

  /** Call it in the transaction that changed the payment's state or goal. */
  async scheduleNext(em: EntityManager, payment: Payment): Promise<void> {
    const step = nextStep(factsOf(payment));
    switch (step?.kind) {
      case 'create':
      case 'capture':
      case 'void':
        await this.operations.schedule(em, {
          paymentId: payment.id,
          kind: step.kind,
          key: `${step.kind}:${payment.id}`,
        });
        break;
      case 'abandon':
        // After the first call the payment may exist at the provider, and the provider's response decides.
        if (await this.operations.abandon(em, payment.id, 'create')) {
          payment.status = 'voided';
          await this.publisher.publish(em, payment, 'payment.voided', {});
        }
        break;
      case 'refund':
        await this.refunds.release(em, payment, step);
        break;
      case undefined:
        break;
    }
    await em.flush();
  }
}
