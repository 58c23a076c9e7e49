import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { FeedPoller } from './feed-poller.jobs.js';

@Injectable()
export class FeedJobs {
  constructor(private readonly poller: FeedPoller) {}

  /** When each feed is due stands in its row. */
  @SweepEvery(30, 'feed.poll')
  async poll(): Promise<void> {
    await this.poller.pollDue();
  }
}
