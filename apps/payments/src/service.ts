import {
  Migration0000AccountErasure,
  Migration0000AccountExport,
  Migration0000AccountStanding,
} from '@roost/accounts';
import { defineService } from '@roost/service';
import { Migration0001Payments } from '../migrations/Migration0001Payments.js';
import { Migration0002Disputes } from '../migrations/Migration0002Disputes.js';
import { Migration0003Payouts } from '../migrations/Migration0003Payouts.js';
import { Migration0004Papers } from '../migrations/Migration0004Papers.js';
import { Migration0005Operators } from '../migrations/Migration0005Operators.js';
import { Migration0006ReturnUrl } from '../migrations/Migration0006ReturnUrl.js';
import { Migration0009LateMoney } from '../migrations/Migration0009LateMoney.js';
import { Migration0010RefundOffset } from '../migrations/Migration0010RefundOffset.js';
import { Migration0011ReturnedRefunds } from '../migrations/Migration0011ReturnedRefunds.js';
import { Migration0012ReportedRefund } from '../migrations/Migration0012ReportedRefund.js';
import { Migration0013ReconciliationRuns } from '../migrations/Migration0013ReconciliationRuns.js';
import { Migration0014Shortages } from '../migrations/Migration0014Shortages.js';
import { Migration0015RefundChecks } from '../migrations/Migration0015RefundChecks.js';
import { Migration0016PayoutsStarted } from '../migrations/Migration0016PayoutsStarted.js';
import { Migration0017OutOfBandRefunds } from '../migrations/Migration0017OutOfBandRefunds.js';
import { Migration0018Restorations } from '../migrations/Migration0018Restorations.js';
import { Migration0020AuditLogFilters } from '../migrations/Migration0020AuditLogFilters.js';
import { Migration0021HandledPayloads } from '../migrations/Migration0021HandledPayloads.js';
import { Migration0022ExportIndexes } from '../migrations/Migration0022ExportIndexes.js';
import { AppModule } from './app.module.js';
import { PaymentsConfig } from './config.js';
import { paymentFigures } from './figures.js';
import { Dispute } from './dispute/dispute.entity.js';
import { PaymentOperation } from './operation/operation.entity.js';
import { Payment } from './payment/payment.entity.js';
import { Refund } from './payment/refund.entity.js';

/** Used by `roost reconcile`, which runs in its own process. */
export { ReconciliationRunService } from './reconciliation/reconciliation-run.service.js';
export { Adoption, type LostMovement } from './reconciliation/adoption.service.js';
export { ReconciliationService } from './reconciliation/reconciliation.service.js';
export type { RunDetailsView } from './reconciliation/reconciliation-run.dto.js';
/** Used by `npm run bench:payments`. */
export { LedgerService } from './ledger/ledger.service.js';
/** Used by `roost webhooks`, which runs in its own process. */
export { WebhookAdminService } from './webhook/webhook-admin.service.js';
export type { WebhookView } from './webhook/webhook-admin.dto.js';

export const payments = defineService({
  name: 'payments',
  port: 3004,
  description: 'Payments, refunds, webhooks and the ledger',
  module: AppModule,
  config: PaymentsConfig,
  entities: [Dispute, Payment, PaymentOperation, Refund],
  migrations: [
    Migration0000AccountStanding,
    Migration0001Payments,
    Migration0002Disputes,
    Migration0003Payouts,
    Migration0004Papers,
    Migration0005Operators,
    Migration0006ReturnUrl,
    Migration0009LateMoney,
    Migration0010RefundOffset,
    Migration0011ReturnedRefunds,
    Migration0012ReportedRefund,
    Migration0013ReconciliationRuns,
    Migration0014Shortages,
    Migration0015RefundChecks,
    Migration0016PayoutsStarted,
    Migration0017OutOfBandRefunds,
    Migration0018Restorations,
    Migration0020AuditLogFilters,
    Migration0021HandledPayloads,
    Migration0000AccountErasure,
    Migration0000AccountExport,
    Migration0022ExportIndexes,
  ],
  projections: {
    'identity.user': ['account_standing', 'party_name'],
    'listings.listing': ['listing_name'],
  },
  figures: paymentFigures,
  queue: true,
});
