import { Jobs, SweepEvery } from '@roost/platform';
import { QUEUE } from '../operation/operation.queue.js';
import { DeferredRefundService } from '../payment/deferred-refund.service.js';
import { DisputeRecovery } from './dispute-recovery.service.js';

@Jobs(QUEUE)
export class DisputeJobs {
  constructor(
    private readonly recovery: DisputeRecovery,
    private readonly refunds: DeferredRefundService,
  ) {}

  @SweepEvery(5, 'dispute.recover')
  async recover(): Promise<void> {
    await this.recovery.run();
  }

  /** A sweep of its own: it does not wait for a provider. */
  @SweepEvery(5, 'refund.resume')
  async resumeRefunds(): Promise<void> {
    await this.refunds.resumeDue();
  }
}
