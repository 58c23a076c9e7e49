import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JobWaker, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import type { PhotoRef } from './photo.queries.js';

export const QUEUE = 'listings';
export const RESIZE = 'photo.resize';
export const CONCURRENCY = 1;

/** Starts the resize job. The row of the listing is authoritative: if the job is lost, the sweeper finds the photo. */
@Injectable()
export class PhotoQueue implements OnModuleDestroy {
  private readonly waker: JobWaker;

  constructor(@InjectQueue(QUEUE) queue: Queue<PhotoRef>, @Inject(LOGGER) logger: Logger) {
    this.waker = new JobWaker({ queue, concurrency: CONCURRENCY, logger });
  }

  enqueueResize(ref: PhotoRef): void {
    this.waker.wake(RESIZE, ref);
  }

  onModuleDestroy(): Promise<void> {
    return this.waker.close();
  }
}
