import type { DeferredRefundService } from '../payment/deferred-refund.service.js';
import type { DisputeRecovery } from './dispute-recovery.service.js';
import { DisputeJobs } from './dispute.jobs.js';

test('waiting refunds are resumed while the provider does not respond about disputes', async () => {
  const calls: string[] = [];
  const recovery = { run: () => new Promise<void>(() => calls.push('read')) } as unknown as DisputeRecovery;
  const refunds = {
    resumeDue: () => Promise.resolve(calls.push('resume')),
  } as unknown as DeferredRefundService;
  const jobs = new DisputeJobs(recovery, refunds);
  void jobs.recover();
  await jobs.resumeRefunds();
  expect(calls).toEqual(['read', 'resume']);
});
