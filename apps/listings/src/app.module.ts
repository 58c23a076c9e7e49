import { Module } from '@nestjs/common';
import {
  AccountEraser,
  AccountErasureConsumer,
  AccountExportConsumer,
  AccountExporter,
  AccountStandingModule,
  Erasure,
  ExportPartController,
  ExportPartService,
  PersonalData,
} from '@roost/accounts';
import { AuditModule } from '@roost/audit';
import { OperationsModule } from '@roost/service';
import { ListingsErasure } from './account/listings-erasure.js';
import { ListingsPersonalData } from './account/listings-personal-data.queries.js';
import { BookingConsumer } from './booking/booking.consumer.js';
import { CacheModule } from './cache/cache.module.js';
import { CalendarConsumer } from './calendar/calendar.consumer.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueResolver } from './catalogue/catalogue.resolver.js';
import { DraftController } from './draft/draft.controller.js';
import { DraftResolver } from './draft/draft.resolver.js';
import { DraftService } from './draft/draft.service.js';
import { HostNameConsumer } from './host/host-name.consumer.js';
import { ListingImportController } from './listing/listing-import.controller.js';
import { ListingImportService } from './listing/listing-import.service.js';
import { ListingPageService } from './listing/listing-page.service.js';
import { ListingReaderService } from './listing/listing-reader.service.js';
import { ListingStore } from './listing/listing-store.js';
import { ListingController } from './listing/listing.controller.js';
import { ListingResolver, UserListingsResolver } from './listing/listing.resolver.js';
import { ListingService } from './listing/listing.service.js';
import { PhotoFilesService } from './photo/photo-files.service.js';
import { PhotoResizerService } from './photo/photo-resizer.service.js';
import { PhotoController } from './photo/photo.controller.js';
import { PhotoJobs } from './photo/photo.jobs.js';
import { PhotoQueue } from './photo/photo.queue.js';
import { PhotoService } from './photo/photo.service.js';
import { PlaceController } from './place/place.controller.js';
import { PlaceResolver } from './place/place.resolver.js';
import { PlaceService } from './place/place.service.js';
import { RatingConsumer } from './rating/rating.consumer.js';
import { SearchController } from './search/search.controller.js';
import { SearchPageService } from './search/search-page.service.js';
import { SearchResolver } from './search/search.resolver.js';
import { SearchService } from './search/search.service.js';
import { SimilarController } from './similar/similar.controller.js';
import { SimilarResolver } from './similar/similar.resolver.js';
import { SimilarService } from './similar/similar.service.js';
import { WishlistItemsService } from './wishlist/wishlist-items.service.js';
import { WishlistSharingController } from './wishlist/wishlist-sharing.controller.js';
import { WishlistSharingService } from './wishlist/wishlist-sharing.service.js';
import { WishlistController } from './wishlist/wishlist.controller.js';
import { WishlistResolver } from './wishlist/wishlist.resolver.js';
import { WishlistService } from './wishlist/wishlist.service.js';

@Module({
  imports: [
    AccountStandingModule,
    CacheModule,
    AuditModule.withRoute('listings'),
    OperationsModule.forService('listings'),
  ],
  // Search precedes listings: otherwise `/v1/listings/:id` would match `/v1/listings/search`.
  controllers: [
    AccountErasureConsumer,
    AccountExportConsumer,
    ExportPartController,
    CatalogueController,
    SearchController,
    ListingController,
    DraftController,
    SimilarController,
    ListingImportController,
    PhotoController,
    PlaceController,
    WishlistController,
    WishlistSharingController,
    BookingConsumer,
    CalendarConsumer,
    HostNameConsumer,
    RatingConsumer,
  ],
  providers: [
    AccountEraser,
    { provide: Erasure, useClass: ListingsErasure },
    AccountExporter,
    ExportPartService,
    CatalogueResolver,
    DraftResolver,
    DraftService,
    { provide: PersonalData, useClass: ListingsPersonalData },
    ListingImportService,
    ListingPageService,
    ListingReaderService,
    ListingStore,
    ListingResolver,
    ListingService,
    PhotoFilesService,
    PhotoJobs,
    PhotoQueue,
    PhotoResizerService,
    PhotoService,
    PlaceResolver,
    PlaceService,
    SearchPageService,
    SearchResolver,
    SearchService,
    SimilarResolver,
    SimilarService,
    UserListingsResolver,
    WishlistItemsService,
    WishlistResolver,
    WishlistService,
    WishlistSharingService,
  ],
})
export class AppModule {}
