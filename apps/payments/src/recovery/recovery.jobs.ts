import { Process } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import { Jobs, LOGGER, runTracedJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import type { Logger } from 'pino';
import { inLanes } from '../operation/lanes.js';
import { CONCURRENCY, OPERATE, QUEUE } from '../operation/operation.queue.js';
import { OperationRunner } from '../payment/operation-runner.service.js';
import { PaymentService } from '../payment/payment.service.js';
import { RefundStateService } from '../payment/refund-state.service.js';
import { StalePayments } from '../payment/stale-payments.service.js';
import { WebhookService } from '../webhook/webhook.service.js';

const BATCH_SIZE = 200;
/** They can wait: each run of the sweeper reads at most this many at the providers. */
const REFUND_CHECKS = 20;

@Jobs(QUEUE)
export class RecoveryJobs {
  constructor(
    private readonly runner: OperationRunner,
    private readonly payments: PaymentService,
    private readonly stale: StalePayments,
    private readonly refunds: RefundStateService,
    private readonly webhooks: WebhookService,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Process({ name: OPERATE, concurrency: CONCURRENCY })
  async operate(job: Job<{ operationId: string } & TracedJobData>): Promise<void> {
    await runTracedJob(this.tracing, job, () =>
      this.each([job.data.operationId], (id) => this.runner.run(id)),
    );
  }

  /** Finishes the work that a crash, a lost response or a lost webhook has interrupted. */
  @SweepEvery(5, 'payment.recover')
  async recover(): Promise<void> {
    await this.each(await this.runner.due(BATCH_SIZE), (id) => this.runner.run(id));
    await this.each(await this.webhooks.due(BATCH_SIZE), ({ provider, id }) =>
      this.webhooks.handle(provider, id),
    );
    await this.each(await this.stale.claim(BATCH_SIZE), async (payment) => {
      await this.payments.refresh(payment);
      await this.refunds.refresh(payment);
    });
    await this.each(await this.stale.claimRefundChecks(REFUND_CHECKS), (payment) =>
      this.refunds.refresh(payment),
    );
  }

  /** A failure does not block the batch; the row is retried when it is due again. */
  private async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    await inLanes(items, CONCURRENCY, work, (error) =>
      this.logger.error({ err: error }, 'operation failed; the sweeper will retry'),
    );
  }
}
