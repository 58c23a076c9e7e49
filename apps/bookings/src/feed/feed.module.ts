import { Module } from '@nestjs/common';
import { CalendarModule } from '../calendar/calendar.module.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { FeedAnnouncer } from './feed-announcer.service.js';
import { FeedContentService } from './feed-content.service.js';
import { FeedErrors } from './feed-errors.service.js';
import { FeedImportService } from './feed-import.service.js';
import { FeedNetwork } from './feed-network.js';
import { FeedPoller } from './feed-poller.jobs.js';
import { FeedReader } from './feed-reader.service.js';
import { FeedRemovalService } from './feed-removal.service.js';
import { FeedSync } from './feed-sync.service.js';
import { FeedUrlService } from './feed-url.service.js';
import { FeedClient } from './feed.client.js';
import { FeedController } from './feed.controller.js';
import { FeedResolver, ListingFeedsResolver } from './feed.resolver.js';
import { FeedService } from './feed.service.js';

/** Depends on the port `StaleHolds`, which `BookingModule` binds. */
@Module({
  imports: [CalendarModule, ListingSnapshotModule],
  controllers: [FeedController],
  providers: [
    FeedAnnouncer,
    FeedClient,
    FeedContentService,
    FeedErrors,
    FeedImportService,
    FeedNetwork,
    FeedPoller,
    FeedReader,
    FeedRemovalService,
    FeedResolver,
    FeedService,
    FeedSync,
    FeedUrlService,
    ListingFeedsResolver,
  ],
  exports: [FeedRemovalService, FeedUrlService],
})
export class FeedModule {}
