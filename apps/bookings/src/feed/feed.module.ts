import { Module } from '@nestjs/common';
import { BookingModule } from '../booking/booking.module.js';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { FeedController } from './feed.controller.js';
import { FeedFetcher } from './feed.fetcher.js';
import { FeedJobs } from './feed.jobs.js';
import { FeedNetwork } from './feed.network.js';
import { FeedPoller } from './feed.poller.js';
import { FeedResolver, ListingFeedsResolver } from './feed.resolver.js';
import { FeedService } from './feed.service.js';
import { FeedSync } from './feed.sync.js';

@Module({
  imports: [AnnouncementModule, BookingModule, ListingSnapshotModule],
  controllers: [FeedController],
  providers: [
    FeedFetcher,
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
