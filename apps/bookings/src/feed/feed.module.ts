import { Module } from '@nestjs/common';
import { BookingModule } from '../booking/booking.module.js';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { FeedController } from './feed.controller.js';
import { FeedClient } from './feed.client.js';
import { FeedJobs } from './feed.jobs.js';
import { FeedNetwork } from './feed-network.js';
import { FeedPoller } from './feed-poller.jobs.js';
import { FeedResolver, ListingFeedsResolver } from './feed.resolver.js';
import { FeedService } from './feed.service.js';
import { FeedSync } from './feed-sync.service.js';

@Module({
  imports: [AnnouncementModule, BookingModule, ListingSnapshotModule],
  controllers: [FeedController],
  providers: [
    FeedClient,
    FeedJobs,
    FeedNetwork,
    FeedPoller,
    FeedResolver,
    FeedService,
    FeedSync,
    ListingFeedsResolver,
  ],
  exports: [FeedService],
})
export class FeedModule {}
