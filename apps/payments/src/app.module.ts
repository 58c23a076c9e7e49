import { Module } from '@nestjs/common';
import { AccountConsumer } from './account/account.consumer.js';
import { ChangeService } from './change/change.service.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { OperationPlan } from './operation/operation.plan.js';
import { OperationQueue } from './operation/operation.queue.js';
import { OperationRunner } from './operation/operation.runner.js';
import { BookingConsumer } from './payment/booking.consumer.js';
import { PaymentController } from './payment/payment.controller.js';
import { PaymentJobs } from './payment/payment.jobs.js';
import { PaymentOpening } from './payment/payment.opening.js';
import { PaymentProgress } from './payment/payment.progress.js';
import { PaymentQueries } from './payment/payment.queries.js';
import { BookingPaymentResolver, PaymentResolver } from './payment/payment.resolver.js';
import { PaymentService } from './payment/payment.service.js';
import { ProviderModule } from './provider/provider.module.js';
import { LedgerCheck } from './reconciliation/ledger.check.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { RefundAdmin } from './refund/refund.admin.js';
import { RefundController } from './refund/refund.controller.js';
import { RefundService } from './refund/refund.service.js';
import { WebhookController } from './webhook/webhook.controller.js';
import { WebhookJobs } from './webhook/webhook.jobs.js';
import { WebhookService } from './webhook/webhook.service.js';

/** Payments, their refunds, the calls to providers and their webhooks lean on each other: one module. */
@Module({
  imports: [LedgerModule, ProviderModule],
  controllers: [
    AccountConsumer,
    BookingConsumer,
    PaymentController,
    ReconciliationController,
    RefundController,
    WebhookController,
  ],
  providers: [
    ChangeService,
    LedgerCheck,
    OperationPlan,
    OperationQueue,
    OperationRunner,
    PaymentJobs,
    PaymentOpening,
    PaymentProgress,
    PaymentQueries,
    PaymentResolver,
    PaymentService,
    BookingPaymentResolver,
    ReconciliationService,
    RefundAdmin,
    RefundService,
    WebhookJobs,
    WebhookService,
  ],
})
export class AppModule {}
