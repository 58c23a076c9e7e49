import { Module } from '@nestjs/common';
import { ListingSnapshotConsumer } from './listing-snapshot.consumer.js';
import { ListingSnapshots } from './listing-snapshot.service.js';

@Module({
  controllers: [ListingSnapshotConsumer],
  providers: [ListingSnapshots],
  exports: [ListingSnapshots],
})
export class ListingSnapshotModule {}
