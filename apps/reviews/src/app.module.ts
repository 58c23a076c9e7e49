import { Module } from '@nestjs/common';
import { AccountConsumer } from './account/account.consumer.js';
import { ImportController } from './import/import.controller.js';
import { ImportService } from './import/import.service.js';
import { ModerationController } from './moderation/moderation.controller.js';
import { ModerationService } from './moderation/moderation.service.js';
import { RatingService } from './rating/rating.service.js';
import { ReplyService } from './review/reply.service.js';
import { ReviewController } from './review/review.controller.js';
import { ReviewJobs } from './review/review.jobs.js';
import { ReviewPublisher } from './review/review.publisher.js';
import { ReviewReader } from './review/review.reader.js';
import {
  BookingReviewsResolver,
  ListingReviewsResolver,
  ReviewResolver,
  UserReviewsResolver,
} from './review/review.resolver.js';
import { ReviewService } from './review/review.service.js';
import { StayConsumer } from './stay/stay.consumer.js';

@Module({
  controllers: [ReviewController, ModerationController, ImportController, StayConsumer, AccountConsumer],
  providers: [
    ReviewService,
    ReplyService,
    ReviewReader,
    ReviewPublisher,
    ReviewJobs,
    RatingService,
    ModerationService,
    ImportService,
    ReviewResolver,
    ListingReviewsResolver,
    UserReviewsResolver,
    BookingReviewsResolver,
  ],
})
export class AppModule {}
