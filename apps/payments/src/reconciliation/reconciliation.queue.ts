import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JobWaker, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import { QUEUE } from '../operation/operation.queue.js';

export const RECONCILE = 'reconciliation.compare';
/** One run of each scope. */
export const CONCURRENCY = 2;

/** Wakes the handler of runs. The rows are the source of truth. */
@Injectable()
export class ReconciliationQueue implements OnModuleDestroy {
  private readonly waker: JobWaker;

  constructor(@InjectQueue(QUEUE) queue: Queue, @Inject(LOGGER) logger: Logger) {
    this.waker = new JobWaker({ queue, concurrency: CONCURRENCY, logger });
  }

  enqueue(runId: string): void {
    this.waker.wake(RECONCILE, { runId });
  }

  onModuleDestroy(): Promise<void> {
    return this.waker.close();
  }
}
