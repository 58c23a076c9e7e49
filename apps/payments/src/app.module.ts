import { Module } from '@nestjs/common';
import {
  AccountEraser,
  AccountErasureConsumer,
  AccountExportConsumer,
  AccountExporter,
  AccountStandingModule,
  Erasure,
  ExportPartController,
  ExportPartService,
  PersonalData,
} from '@roost/accounts';
import { OperationsModule } from '@roost/service';
import { PaymentsErasure } from './account/payments-erasure.js';
import { PaymentsPersonalData } from './account/payments-personal-data.queries.js';
import { AuditModule } from './audit/audit.module.js';
import { BookingChangeService } from './booking/booking-change.service.js';
import { BookingPaymentService } from './booking/booking-payment.service.js';
import { BookingSettlementService } from './booking/booking-settlement.service.js';
import { BookingConsumer } from './booking/booking.consumer.js';
import { ClientConfigController } from './client-config/client-config.controller.js';
import { ClientConfigResolver } from './client-config/client-config.resolver.js';
import { ClientConfigService } from './client-config/client-config.service.js';
import { DisputeRecorder } from './dispute/dispute-recorder.service.js';
import { DisputeRecovery } from './dispute/dispute-recovery.service.js';
import { DisputeController } from './dispute/dispute.controller.js';
import { DisputeJobs } from './dispute/dispute.jobs.js';
import { DisputeService } from './dispute/dispute.service.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { OperationScheduler } from './operation/operation-scheduler.service.js';
import { OperationQueue } from './operation/operation.queue.js';
import { PaperModule } from './paper/paper.module.js';
import { PaymentAdminController } from './payment-admin/payment-admin.controller.js';
import { PaymentAdminService } from './payment-admin/payment-admin.service.js';
import { CaptureRecorder } from './payment/capture-recorder.service.js';
import { DeferredRefundService } from './payment/deferred-refund.service.js';
import { LossCoverer } from './payment/loss-coverer.service.js';
import { OperationRecorder } from './payment/operation-recorder.service.js';
import { OperationRunner } from './payment/operation-runner.service.js';
import { PaymentCreator } from './payment/payment-creator.service.js';
import { PaymentPublisher } from './payment/payment-publisher.service.js';
import { PaymentStateUpdater } from './payment/payment-state-updater.service.js';
import { PaymentStepScheduler } from './payment/payment-step-scheduler.service.js';
import { PaymentController } from './payment/payment.controller.js';
import { BookingPaymentResolver, PaymentResolver } from './payment/payment.resolver.js';
import { PaymentService } from './payment/payment.service.js';
import { RefundStateService } from './payment/refund-state.service.js';
import { ProviderCaller } from './payment/provider-caller.service.js';
import { ProviderCheckSchedule } from './payment/provider-check-schedule.js';
import { ProviderStateService } from './payment/provider-state.service.js';
import { RefundRecorder } from './payment/refund-recorder.service.js';
import { RefundService } from './payment/refund.service.js';
import { ReplayedSecrets } from './payment/replayed-secrets.js';
import { RestoredRefunds } from './payment/restored-refunds.service.js';
import { ReturnUrls } from './payment/return-urls.js';
import { StalePayments } from './payment/stale-payments.service.js';
import { RefundAdopter } from './payment/refund-adopter.service.js';
import { PayoutModule } from './payout/payout.module.js';
import { ProviderModule } from './provider/provider.module.js';
import { ReceiptModule } from './receipt/receipt.module.js';
import { Adoption } from './reconciliation/adoption.service.js';
import { ProviderComparisonService } from './reconciliation/provider-comparison.service.js';
import { reconciliationChecks } from './reconciliation/reconciliation-checks.js';
import { ReconciliationGauges } from './reconciliation/reconciliation-gauges.js';
import { ReconciliationRunService } from './reconciliation/reconciliation-run.service.js';
import { ReconciliationRunner } from './reconciliation/reconciliation-runner.service.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ReconciliationJobs } from './reconciliation/reconciliation.jobs.js';
import { ReconciliationQueue } from './reconciliation/reconciliation.queue.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { TransferComparison } from './reconciliation/transfer-comparison.service.js';
import { RecoveryJobs } from './recovery/recovery.jobs.js';
import { BookingRefundController } from './refund/booking-refund.controller.js';
import { BookingRefundResolver } from './refund/booking-refund.resolver.js';
import { RefundAdminService } from './refund/refund-admin.service.js';
import { RefundController } from './refund/refund.controller.js';
import { StatementModule } from './statement/statement.module.js';
import { WebhookAdminController } from './webhook/webhook-admin.controller.js';
import { WebhookAdminService } from './webhook/webhook-admin.service.js';
import { WebhookReceiver } from './webhook/webhook-receiver.service.js';
import { WebhookSubjects } from './webhook/webhook-subjects.service.js';
import { WebhookController } from './webhook/webhook.controller.js';
import { WebhookJobs } from './webhook/webhook.jobs.js';
import { WebhookService } from './webhook/webhook.service.js';
import { WorkGauges } from './work-gauges.js';

/** One module: payments, refunds, provider calls and webhooks share one state machine. */
@Module({
  imports: [
    AccountStandingModule,
    AuditModule,
    OperationsModule.forService('payments'),
    LedgerModule,
    PaperModule,
    PayoutModule,
    ProviderModule,
    ReceiptModule,
    StatementModule,
  ],
  controllers: [
    AccountErasureConsumer,
    AccountExportConsumer,
    ExportPartController,
    BookingConsumer,
    PaymentAdminController,
    BookingRefundController,
    DisputeController,
    ClientConfigController,
    PaymentController,
    ReconciliationController,
    RefundController,
    WebhookAdminController,
    WebhookController,
  ],
  providers: [
    AccountEraser,
    { provide: Erasure, useClass: PaymentsErasure },
    AccountExporter,
    ExportPartService,
    { provide: PersonalData, useClass: PaymentsPersonalData },
    Adoption,
    BookingChangeService,
    BookingPaymentService,
    BookingRefundResolver,
    BookingSettlementService,
    CaptureRecorder,
    DeferredRefundService,
    DisputeJobs,
    DisputeRecorder,
    DisputeRecovery,
    DisputeService,
    ClientConfigResolver,
    ClientConfigService,
    LossCoverer,
    OperationQueue,
    OperationRecorder,
    OperationRunner,
    OperationScheduler,
    PaymentAdminService,
    PaymentCreator,
    PaymentPublisher,
    PaymentResolver,
    BookingPaymentResolver,
    PaymentService,
    PaymentStateUpdater,
    PaymentStepScheduler,
    RefundStateService,
    ProviderCaller,
    ProviderCheckSchedule,
    ProviderComparisonService,
    ProviderStateService,
    ReconciliationGauges,
    ReconciliationJobs,
    ReconciliationQueue,
    ReconciliationRunner,
    ReconciliationRunService,
    ReconciliationService,
    ...reconciliationChecks,
    RecoveryJobs,
    RefundAdminService,
    RefundAdopter,
    RefundRecorder,
    RefundService,
    WebhookAdminService,
    ReplayedSecrets,
    RestoredRefunds,
    ReturnUrls,
    StalePayments,
    TransferComparison,
    WebhookJobs,
    WebhookReceiver,
    WebhookService,
    WebhookSubjects,
    WorkGauges,
  ],
})
export class AppModule {}
