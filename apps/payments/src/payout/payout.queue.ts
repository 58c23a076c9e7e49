import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JobWaker, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import { QUEUE } from '../operation/operation.queue.js';

export const TRANSFER = 'payout.transfer';
export const CONCURRENCY = 8;

/** Wakes the handler of payouts. The rows are the source of truth. */
@Injectable()
export class PayoutQueue implements OnModuleDestroy {
  private readonly waker: JobWaker;

  constructor(@InjectQueue(QUEUE) queue: Queue, @Inject(LOGGER) logger: Logger) {
    this.waker = new JobWaker({ queue, concurrency: CONCURRENCY, logger });
  }

  enqueue(payoutId: string): void {
    this.waker.wake(TRANSFER, { payoutId });
  }

  onModuleDestroy(): Promise<void> {
    return this.waker.close();
  }
}
