import { Process } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import { Jobs, LOGGER, runTracedJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import type { Logger } from 'pino';
import { PhotoResizerService } from './photo-resizer.service.js';
import type { PhotoRef } from './photo.queries.js';
import { CONCURRENCY, QUEUE, RESIZE } from './photo.queue.js';

const BATCH_SIZE = 100;

@Jobs(QUEUE)
export class PhotoJobs {
  constructor(
    private readonly resizer: PhotoResizerService,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** One photo at a time, so that the photos of one host do not take the CPU from other requests. */
  @Process({ name: RESIZE, concurrency: CONCURRENCY })
  resize(job: Job<PhotoRef & TracedJobData>): Promise<void> {
    const { listingId, photoId } = job.data;
    return runTracedJob(this.tracing, job, () => this.attempt({ listingId, photoId }));
  }

  /** Resizes photos whose job was lost or interrupted. */
  @SweepEvery(30, 'photo.sweep')
  async sweep(): Promise<void> {
    for (const ref of await this.resizer.findDue(BATCH_SIZE)) await this.attempt(ref);
  }

  /** A failure does not block the batch; the next sweep retries the photo. */
  private async attempt(ref: PhotoRef): Promise<void> {
    try {
      await this.resizer.resize(ref);
    } catch (error) {
      this.logger.error({ ...ref, err: error }, 'photo not resized; the sweeper will retry');
    }
  }
}
