import { Module } from '@nestjs/common';
import { ListingSnapshotService } from './listing-snapshot.service.js';

@Module({ providers: [ListingSnapshotService], exports: [ListingSnapshotService] })
export class ListingSnapshotModule {}
