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
import { ReviewsErasure } from './account/reviews-erasure.js';
import { ReviewsPersonalData } from './account/reviews-personal-data.queries.js';
import { AuthorConsumer } from './author/author.consumer.js';
import { HostFiguresConsumer } from './host-figures/host-figures.consumer.js';
import { HostFiguresController } from './host-figures/host-figures.controller.js';
import { HostFiguresJobs } from './host-figures/host-figures.jobs.js';
import { HostFiguresResolver } from './host-figures/host-figures.resolver.js';
import { HostFiguresService } from './host-figures/host-figures.service.js';
import { ImportController } from './import/import.controller.js';
import { ImportService } from './import/import.service.js';
import { ListingConsumer } from './listing/listing.consumer.js';
import { ModerationController } from './moderation/moderation.controller.js';
import { ModerationJobs } from './moderation/moderation.jobs.js';
import { ModerationService } from './moderation/moderation.service.js';
import { RatingReaderService } from './rating/rating-reader.service.js';
import { RatingService } from './rating/rating.service.js';
import { ReplyService } from './review/reply.service.js';
import { ReviewPublisherService } from './review/review-publisher.service.js';
import { ReviewReaderService } from './review/review-reader.service.js';
import { ReviewController } from './review/review.controller.js';
import { ReviewJobs } from './review/review.jobs.js';
import {
  BookingReviewsResolver,
  ListingReviewsResolver,
  ReviewResolver,
  UserReviewsResolver,
} from './review/review.resolver.js';
import { ReviewService } from './review/review.service.js';
import { ReviewableStayConsumer } from './reviewable-stay/reviewable-stay.consumer.js';

@Module({
  imports: [AccountStandingModule, AuditModule.withRoute('reviews'), OperationsModule.forService('reviews')],
  controllers: [
    AccountErasureConsumer,
    AccountExportConsumer,
    ExportPartController,
    ReviewController,
    ModerationController,
    ImportController,
    ReviewableStayConsumer,
    AuthorConsumer,
    ListingConsumer,
    HostFiguresController,
    HostFiguresConsumer,
  ],
  providers: [
    AccountEraser,
    { provide: Erasure, useClass: ReviewsErasure },
    AccountExporter,
    ExportPartService,
    { provide: PersonalData, useClass: ReviewsPersonalData },
    ReviewService,
    ReplyService,
    ReviewReaderService,
    ReviewPublisherService,
    ReviewJobs,
    RatingService,
    RatingReaderService,
    ModerationService,
    ModerationJobs,
    ImportService,
    HostFiguresService,
    HostFiguresJobs,
    HostFiguresResolver,
    ReviewResolver,
    ListingReviewsResolver,
    UserReviewsResolver,
    BookingReviewsResolver,
  ],
})
export class AppModule {}
