import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import { runWithoutRequestContext } from '@roost/platform';
import { inTrace, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';

export const QUEUE = 'payments';
export const OPERATE = 'payment.operate';
export const HANDLE_WEBHOOK = 'webhook.handle';

const KEEP = { removeOnComplete: true, removeOnFail: true };

/** Wakes the jobs. A job that is never woken (Redis is away) is found by the sweeper: the rows are the truth. */
@Injectable()
export class OperationQueue {
  constructor(
    @InjectQueue(QUEUE) private readonly queue: Queue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  wake(operationId: string): void {
    this.add(OPERATE, { operationId });
  }

  wakeWebhook(provider: string, id: string): void {
    this.add(HANDLE_WEBHOOK, { provider, id });
  }

  private add(name: string, data: object): void {
    const traced = inTrace(data);
    runWithoutRequestContext(() => this.queue.add(name, traced, KEEP)).catch((error: unknown) =>
      this.logger.warn({ err: error, job: name }, 'job left to the sweeper'),
    );
  }
}
