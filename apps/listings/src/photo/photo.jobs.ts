import { Process } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import { Jobs, LOGGER, runJob, SweepEvery, type TracedJobData } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Job } from 'bull';
import type { Logger } from 'pino';
import { QUEUE, RESIZE } from './photo.queue.js';
import { type PhotoPlace, PhotoResizing } from './photo.resizing.js';

const BATCH = 100;

@Jobs(QUEUE)
export class PhotoJobs {
  constructor(
    private readonly resizing: PhotoResizing,
    private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** One at a time: the pictures of one host must not take the machine from everybody else. */
  @Process({ name: RESIZE, concurrency: 1 })
  resize(job: Job<PhotoPlace & TracedJobData>): Promise<void> {
    const { listingId, photoId } = job.data;
    return runJob(this.tracing, job, () => this.attempt({ listingId, photoId }));
  }

  /** Finishes what a lost job or a crash has left open. */
  @SweepEvery(30, 'photo.sweep')
  async sweep(): Promise<void> {
    for (const place of await this.resizing.due(BATCH)) await this.attempt(place);
  }

  /** One that fails does not keep the others waiting; it is due again at the next sweep. */
  private async attempt(place: PhotoPlace): Promise<void> {
    try {
      await this.resizing.resize(place);
    } catch (error) {
      this.logger.error({ ...place, err: error }, 'photo left to the sweeper');
    }
  }
}
