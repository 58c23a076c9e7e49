import { Jobs, SweepEvery } from '@roost/platform';
import { QUEUE } from '../operation/operation.queue.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';

@Jobs(QUEUE)
export class ReconciliationJobs {
  constructor(private readonly runs: ReconciliationRunService) {}

  /** Looks every minute whether the interval of RECONCILIATION_MINUTES has passed. */
  @SweepEvery(60, 'reconciliation.run')
  async run(): Promise<void> {
    await this.runs.runIfDue();
  }
}
