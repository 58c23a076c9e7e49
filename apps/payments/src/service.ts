import { defineService } from '@roost/service';
import { Migration0001Payment } from '../migrations/Migration0001Payment.js';
import { Migration0002Ledger } from '../migrations/Migration0002Ledger.js';
import { Migration0003Account } from '../migrations/Migration0003Account.js';
import { Migration0004Change } from '../migrations/Migration0004Change.js';
import { AppModule } from './app.module.js';
import { PaymentsConfig } from './config.js';
import { PaymentOperation } from './operation/operation.entity.js';
import { Payment } from './payment/payment.entity.js';
import { Refund } from './refund/refund.entity.js';

/** For `roost reconcile`, in a process of its own. */
export { ReconciliationService } from './reconciliation/reconciliation.service.js';

export const payments = defineService({
  name: 'payments',
  port: 3004,
  description: 'Payments, refunds, webhooks and the ledger',
  module: AppModule,
  config: PaymentsConfig,
  entities: [Payment, PaymentOperation, Refund],
  migrations: [Migration0001Payment, Migration0002Ledger, Migration0003Account, Migration0004Change],
  projections: {
    'identity.user': ['account'],
  },
  queue: true,
});
