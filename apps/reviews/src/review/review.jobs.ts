import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { ReviewPublisherService } from './review-publisher.service.js';

/** The job only starts the sweep; the due stays are stored in the database. */
@Injectable()
export class ReviewJobs {
  constructor(private readonly publisher: ReviewPublisherService) {}

  @SweepEvery(5, 'review.publish')
  publish(): Promise<void> {
    return this.publisher.publishDue();
  }
}
