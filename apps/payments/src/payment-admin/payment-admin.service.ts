import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser, PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { AuditLog } from '../audit/audit-log.service.js';
import { listTransactions } from '../ledger/ledger.queries.js';
import { PaymentOperation } from '../operation/operation.entity.js';
import { OperationRunner } from '../payment/operation-runner.service.js';
import { Payment } from '../payment/payment.entity.js';
import { Refund } from '../payment/refund.entity.js';
import { listWebhooks } from '../webhook/webhook-admin.queries.js';
import {
  type AdminPaymentDetails,
  type AdminPaymentsQuery,
  type AdminPaymentView,
  type PaymentOperationsQuery,
  type PaymentOperationView,
  toAdminPaymentView,
  toAdminRefundView,
  toOperationView,
} from './payment-admin.dto.js';
import { hastenOperation, listOperations, listPayments } from './payment-admin.queries.js';

/** The entries of each list in the details of a payment. */
const MAX_ENTRIES = 100;

/** Payments and their calls to providers, for operators. */
@Injectable()
export class PaymentAdminService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly runner: OperationRunner,
    private readonly auditLog: AuditLog,
  ) {}

  async list(query: AdminPaymentsQuery): Promise<PageOf<AdminPaymentView>> {
    const { data, nextCursor } = await listPayments(this.orm.em.fork(), query);
    return { data: data.map(toAdminPaymentView), nextCursor };
  }

  async find(id: string): Promise<AdminPaymentDetails> {
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, id);
    if (!payment) throw new Problem('payment.not_found');
    const newest = { orderBy: { createdAt: 'desc', id: 'desc' }, limit: MAX_ENTRIES } as const;
    const ofPayment = { paymentId: id, limit: MAX_ENTRIES };
    return {
      ...toAdminPaymentView(payment),
      operations: (await em.find(PaymentOperation, { paymentId: id }, newest)).map(toOperationView),
      refunds: (await em.find(Refund, { paymentId: id }, newest)).map(toAdminRefundView),
      webhooks: (await listWebhooks(em, ofPayment)).data,
      transactions: (await listTransactions(em, ofPayment)).data,
    };
  }

  async operations(query: PaymentOperationsQuery): Promise<PageOf<PaymentOperationView>> {
    const { data, nextCursor } = await listOperations(this.orm.em.fork(), query);
    return { data: data.map(toOperationView), nextCursor };
  }

  /** Runs a pending operation now. Without an answer of the provider it stays pending, and the sweeper retries it. */
  async retryOperation(id: string, reason: string, actor: AuthUser): Promise<PaymentOperationView> {
    await this.transactions.run(async (em) => {
      const operation = await em.findOne(PaymentOperation, id);
      if (!operation) throw new Problem('payment.operation_not_found');
      if (!(await hastenOperation(em, id))) {
        throw new Problem('payment.operation_closed', undefined, { status: operation.status });
      }
      await this.auditLog.record(em, {
        ...{ actor, reason, action: 'operation.retry', paymentId: operation.paymentId },
        subject: { type: 'operation', id },
        details: { kind: operation.kind, tries: operation.tries },
      });
    });
    await this.runner.run(id);
    return toOperationView(await this.orm.em.fork().findOneOrFail(PaymentOperation, id));
  }
}
