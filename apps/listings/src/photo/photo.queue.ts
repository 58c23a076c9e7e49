import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import { withTraceparent, LOGGER, runWithoutRequestContext } from '@roost/platform';
import type { Queue } from 'bull';
import type { Logger } from 'pino';
import type { PhotoRef } from './photo.queries.js';

export const QUEUE = 'listings';
export const RESIZE = 'photo.resize';

/**
 * Starts the resize job. The row of the listing is authoritative: if the job is lost, for example because Redis is
 * unavailable, the sweeper finds the photo.
 */
@Injectable()
export class PhotoQueue {
  constructor(
    @InjectQueue(QUEUE) private readonly queue: Queue<PhotoRef>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  enqueueResize(ref: PhotoRef): void {
    const options = { removeOnComplete: true, removeOnFail: true };
    const traced = withTraceparent(ref);
    runWithoutRequestContext(() => this.queue.add(RESIZE, traced, options)).catch((error: unknown) =>
      this.logger.warn(
        { photoId: ref.photoId, err: error },
        'photo not enqueued; the sweeper will resize it',
      ),
    );
  }
}
