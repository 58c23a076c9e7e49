import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProviderModule } from '../provider/provider.module.js';
import { PayoutAccountService } from './payout-account.service.js';
import { PayoutAdopter } from './payout-adopter.service.js';
import { PayoutAdminController } from './payout-admin.controller.js';
import { PayoutAdminService } from './payout-admin.service.js';
import { PayoutMaker } from './payout-maker.service.js';
import { PayoutPublisher } from './payout-publisher.service.js';
import { PayoutReader } from './payout-reader.service.js';
import { PayoutRecorder } from './payout-recorder.service.js';
import { PayoutRunner } from './payout-runner.service.js';
import { PayoutWebhooks } from './payout-webhooks.service.js';
import { PayoutConsumer } from './payout.consumer.js';
import { PayoutController } from './payout.controller.js';
import { PayoutJobs } from './payout.jobs.js';
import { PayoutQueue } from './payout.queue.js';
import { BookingPayoutsResolver, PayoutResolver } from './payout.resolver.js';
import { UpcomingPayouts } from './upcoming-payouts.service.js';

/** The payouts of hosts. */
@Module({
  imports: [AuditModule, LedgerModule, ProviderModule],
  controllers: [PayoutAdminController, PayoutConsumer, PayoutController],
  providers: [
    BookingPayoutsResolver,
    PayoutAccountService,
    PayoutAdopter,
    PayoutAdminService,
    PayoutJobs,
    PayoutMaker,
    PayoutPublisher,
    PayoutQueue,
    PayoutReader,
    PayoutRecorder,
    PayoutResolver,
    PayoutRunner,
    PayoutWebhooks,
    UpcomingPayouts,
  ],
  exports: [PayoutAdopter, PayoutWebhooks],
})
export class PayoutModule {}
