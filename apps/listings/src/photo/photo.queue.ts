import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import { runWithoutRequestContext } from '@roost/platform';
import { inTrace, LOGGER } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import type { PhotoPlace } from './photo.resizing.js';

export const QUEUE = 'listings';
export const RESIZE = 'photo.resize';

/** Wakes the job. One that is never woken (Redis is away) is found by the sweeper: the listing's row is the truth. */
@Injectable()
export class PhotoQueue {
  constructor(
    @InjectQueue(QUEUE) private readonly queue: Queue<PhotoPlace>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  resize(place: PhotoPlace): void {
    const options = { removeOnComplete: true, removeOnFail: true };
    const traced = inTrace(place);
    runWithoutRequestContext(() => this.queue.add(RESIZE, traced, options)).catch((error: unknown) =>
      this.logger.warn({ photoId: place.photoId, err: error }, 'photo left to the sweeper'),
    );
  }
}
