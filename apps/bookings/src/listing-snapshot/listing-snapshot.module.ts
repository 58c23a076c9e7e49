import { Module } from '@nestjs/common';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { ListingSnapshotConsumer } from '../calendar/listing.consumer.js';
import { ListingSnapshotService } from './listing-snapshot.service.js';

@Module({
  imports: [AnnouncementModule],
  controllers: [ListingSnapshotConsumer],
  providers: [ListingSnapshotService],
  exports: [ListingSnapshotService],
})
export class ListingSnapshotModule {}
