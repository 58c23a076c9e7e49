import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { resumablePayments } from './deferred-refund.queries.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import { RefundService } from './refund.service.js';

const BATCH_SIZE = 100;

/** Requests refunds again that a provider has rejected because of a dispute that was closed in the meantime. */
@Injectable()
export class DeferredRefundService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly refunds: RefundService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async resumeDue(): Promise<void> {
    for (const paymentId of await resumablePayments(this.orm.em.fork(), BATCH_SIZE)) {
      try {
        await this.transactions.run((em) => this.resume(em, paymentId));
      } catch (error) {
        this.logger.error({ err: error, paymentId }, 'deferred refund failed; the sweeper will retry');
      }
    }
  }

  private async resume(em: EntityManager, paymentId: string): Promise<void> {
    await lockPayment(em, paymentId);
    const payment = await em.findOneOrFail(Payment, paymentId);
    if (payment.status !== 'disputed') await this.refunds.resume(em, payment);
  }
}
