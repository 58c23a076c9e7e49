import type { Provider, Type } from '@nestjs/common';
import { BookingCheck } from './booking.check.js';
import { DisabledProviderCheck } from './disabled-provider.check.js';
import { DisputeCheckService } from './dispute-check.service.js';
import { LedgerCheckService } from './ledger-check.service.js';
import { ParkedWebhookCheck } from './parked-webhook.check.js';
import { PaperCheckService } from './paper-check.service.js';
import { PayoutCheck } from './payout-check.service.js';
import { RECONCILIATION_CHECKS, type ReconciliationCheck } from './reconciliation-check.js';
import { StuckWorkCheck } from './stuck-work.check.js';

/** The checks, in the order of their differences. A new check is a class in this list. */
const checks: Type<ReconciliationCheck>[] = [
  LedgerCheckService,
  DisabledProviderCheck,
  BookingCheck,
  StuckWorkCheck,
  ParkedWebhookCheck,
  DisputeCheckService,
  PayoutCheck,
  PaperCheckService,
];

export const reconciliationChecks: Provider[] = [
  ...checks,
  {
    provide: RECONCILIATION_CHECKS,
    inject: checks,
    useFactory: (...instances: ReconciliationCheck[]) => instances,
  },
];
