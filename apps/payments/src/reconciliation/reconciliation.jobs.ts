import { Process } from '@nestjs/bull';
import { Jobs, runTracedJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import { QUEUE } from '../operation/operation.queue.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';
import { ReconciliationRunner } from './reconciliation-runner.service.js';
import { CONCURRENCY, RECONCILE } from './reconciliation.queue.js';

@Jobs(QUEUE)
export class ReconciliationJobs {
  constructor(
    private readonly runs: ReconciliationRunService,
    private readonly runner: ReconciliationRunner,
    private readonly tracing: Tracing,
  ) {}

  @Process({ name: RECONCILE, concurrency: CONCURRENCY })
  async compare(job: Job<{ runId: string } & TracedJobData>): Promise<void> {
    await runTracedJob(this.tracing, job, () => this.runner.run(job.data.runId));
  }

  /** Looks every minute whether the interval of RECONCILIATION_MINUTES has passed. */
  @SweepEvery(60, 'reconciliation.run')
  async run(): Promise<void> {
    await this.runs.resume();
    await this.runs.runIfDue();
  }
}
