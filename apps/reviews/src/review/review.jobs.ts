import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { ReviewPublisher } from './review.publisher.js';

/** The job only wakes: what is due stands in the database. */
@Injectable()
export class ReviewJobs {
  constructor(private readonly publisher: ReviewPublisher) {}

  @SweepEvery(5, 'review.publish')
  publish(): Promise<void> {
    return this.publisher.publishDue();
  }
}
