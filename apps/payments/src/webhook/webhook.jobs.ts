import { Process } from '@nestjs/bull';
import { Jobs } from '@roost/platform';
import type { Job } from 'bull';
import { HANDLE_WEBHOOK, QUEUE } from '../operation/operation.queue.js';
import { WebhookService } from './webhook.service.js';

@Jobs(QUEUE)
export class WebhookJobs {
  constructor(private readonly webhooks: WebhookService) {}

  /** One that fails is found by the sweeper: the row is the truth. */
  @Process({ name: HANDLE_WEBHOOK, concurrency: 8 })
  async handle(job: Job<{ provider: string; id: string }>): Promise<void> {
    await this.webhooks.handle(job.data.provider, job.data.id);
  }
}
