import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import { withTraceparent, LOGGER, runWithoutRequestContext } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';

export const QUEUE = 'payments';
export const OPERATE = 'payment.operate';
export const HANDLE_WEBHOOK = 'webhook.handle';

const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true };

/** Enqueues jobs. The rows are the source of truth: the sweeper finds work that was not enqueued (Redis is unavailable). */
@Injectable()
export class OperationQueue {
  constructor(
    @InjectQueue(QUEUE) private readonly queue: Queue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  enqueueOperation(operationId: string): void {
    this.enqueue(OPERATE, { operationId });
  }

  enqueueWebhook(provider: string, id: string): void {
    this.enqueue(HANDLE_WEBHOOK, { provider, id });
  }

  private enqueue(name: string, data: object): void {
    const traced = withTraceparent(data);
    runWithoutRequestContext(() => this.queue.add(name, traced, JOB_OPTIONS)).catch((error: unknown) =>
      this.logger.warn({ err: error, job: name }, 'job not enqueued; the sweeper will run it'),
    );
  }
}
