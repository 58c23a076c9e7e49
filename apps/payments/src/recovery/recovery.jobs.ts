import { Process } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import { Jobs, LOGGER, runJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import type { Logger } from 'pino';
import { OPERATE, QUEUE } from '../operation/operation.queue.js';
import { OperationRunner } from '../operation/operation.runner.js';
import { WebhookService } from '../webhook/webhook.service.js';
import { PaymentService } from './payment.service.js';

const BATCH = 200;
const AT_ONCE = 8;

@Jobs(QUEUE)
export class PaymentJobs {
  constructor(
    private readonly runner: OperationRunner,
    private readonly payments: PaymentService,
    private readonly webhooks: WebhookService,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Process({ name: OPERATE, concurrency: AT_ONCE })
  async operate(job: Job<{ operationId: string } & TracedJobData>): Promise<void> {
    await runJob(this.tracing, job, () => this.each([job.data.operationId], (id) => this.runner.run(id)));
  }

  /** Finishes what a crash, a lost answer or a lost webhook has left open. */
  @SweepEvery(5, 'payment.recover')
  async recover(): Promise<void> {
    await this.each(await this.runner.due(BATCH), (id) => this.runner.run(id));
    await this.each(await this.webhooks.due(BATCH), ({ provider, id }) => this.webhooks.handle(provider, id));
    await this.each(await this.payments.quiet(BATCH), (payment) => this.payments.refresh(payment));
  }

  /** One that fails does not keep the others waiting; it is due again later. */
  private async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const rest = items.values();
    const lane = async () => {
      for (const item of rest) {
        try {
          await work(item);
        } catch (error) {
          this.logger.error({ err: error }, 'left to the sweeper');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }
}
