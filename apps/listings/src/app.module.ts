import { Module } from '@nestjs/common';
import { BookingConsumer } from './booking/booking.consumer.js';
import { CalendarConsumer } from './calendar/calendar.consumer.js';
import { HostConsumer } from './host/host.consumer.js';
import { ListingImportController } from './listing/listing-import.controller.js';
import { ListingImport } from './listing/listing-import.service.js';
import { ListingController } from './listing/listing.controller.js';
import { ListingQueries } from './listing/listing.queries.js';
import { ListingResolver, UserListingsResolver } from './listing/listing.resolver.js';
import { ListingService } from './listing/listing.service.js';
import { PhotoController } from './photo/photo.controller.js';
import { PhotoJobs } from './photo/photo.jobs.js';
import { PhotoQueue } from './photo/photo.queue.js';
import { PhotoResizing } from './photo/photo.resizing.js';
import { PhotoService } from './photo/photo.service.js';
import { RatingConsumer } from './rating/rating.consumer.js';
import { SearchController } from './search/search.controller.js';
import { SearchResolver } from './search/search.resolver.js';
import { SearchService } from './search/search.service.js';
import { WishlistController } from './wishlist/wishlist.controller.js';
import { WishlistService } from './wishlist/wishlist.service.js';

@Module({
  // Search before listings: `/v1/listings/search` is not the listing called "search".
  controllers: [
    SearchController,
    ListingController,
    ListingImportController,
    PhotoController,
    WishlistController,
    BookingConsumer,
    CalendarConsumer,
    HostConsumer,
    RatingConsumer,
  ],
  providers: [
    ListingImport,
    ListingQueries,
    ListingResolver,
    ListingService,
    PhotoJobs,
    PhotoQueue,
    PhotoResizing,
    PhotoService,
    SearchResolver,
    SearchService,
    UserListingsResolver,
    WishlistService,
  ],
})
export class AppModule {}
