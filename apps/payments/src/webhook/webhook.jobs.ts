import { Process } from '@nestjs/bull';
import { Jobs, runTracedJob, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import { HANDLE_WEBHOOK, QUEUE } from '../operation/operation.queue.js';
import { WebhookService } from './webhook.service.js';

@Jobs(QUEUE)
export class WebhookJobs {
  constructor(
    private readonly webhooks: WebhookService,
    private readonly tracing: Tracing,
  ) {}

  /** The row is the source of truth: the sweeper retries a failed webhook. */
  @Process({ name: HANDLE_WEBHOOK, concurrency: 8 })
  async handle(job: Job<{ provider: string; id: string } & TracedJobData>): Promise<void> {
    await runTracedJob(this.tracing, job, () => this.webhooks.handle(job.data.provider, job.data.id));
  }
}
