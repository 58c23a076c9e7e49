import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JobWaker, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';

export const QUEUE = 'payments';
export const OPERATE = 'payment.operate';
export const HANDLE_WEBHOOK = 'webhook.handle';
/** Operations wait for the provider most of the time, and hold no connection to the database while they do. */
export const CONCURRENCY = 32;

/** Wakes the handlers of operations and webhooks. The rows are the source of truth. */
@Injectable()
export class OperationQueue implements OnModuleDestroy {
  private readonly waker: JobWaker;

  constructor(@InjectQueue(QUEUE) queue: Queue, @Inject(LOGGER) logger: Logger) {
    this.waker = new JobWaker({ queue, concurrency: CONCURRENCY, logger });
  }

  enqueueOperation(operationId: string): void {
    this.waker.wake(OPERATE, { operationId });
  }

  enqueueWebhook(provider: string, id: string): void {
    this.waker.wake(HANDLE_WEBHOOK, { provider, id });
  }

  onModuleDestroy(): Promise<void> {
    return this.waker.close();
  }
}
