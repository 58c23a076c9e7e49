import { Module } from '@nestjs/common';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { ListingSnapshotConsumer } from './listing-snapshot.consumer.js';
import { ListingSnapshots } from './listing-snapshot.service.js';

@Module({
  imports: [AnnouncementModule],
  controllers: [ListingSnapshotConsumer],
  providers: [ListingSnapshots],
  exports: [ListingSnapshots],
})
export class ListingSnapshotModule {}
