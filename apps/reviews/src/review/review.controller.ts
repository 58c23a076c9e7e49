import { Controller, Get, Patch, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  OptionalUser,
  Page,
  type PageOf,
  Param,
  Public,
  QueryParams,
  Uuid,
  withEtag,
  Summary,
} from '@roost/http';
import { ReplyService } from './reply.service.js';
import { ReviewReaderService } from './review-reader.service.js';
import {
  BookingReviews,
  EditReview,
  ListingReviews,
  ListPending,
  ListReviews,
  ListUserReviews,
  PendingReview,
  ReviewView,
  UserReviews,
  WriteReply,
  WriteReview,
} from './review.dto.js';
import { ReviewService } from './review.service.js';

@Controller('v1')
export class ReviewController {
  constructor(
    private readonly reviews: ReviewService,
    private readonly replies: ReplyService,
    private readonly reader: ReviewReaderService,
  ) {}

  @Summary('Write a review')
  @Post('bookings/:bookingId/reviews')
  @RespondsWith(
    201,
    ReviewView,
    'booking.not_found',
    'review.already_written',
    'review.not_eligible',
    'review.window_closed',
  )
  async write(
    @CurrentUser() author: AuthUser,
    @Param('bookingId', Uuid) bookingId: string,
    @Body(WriteReview) body: WriteReview,
  ): Promise<ReviewView> {
    return addEtag(await this.reviews.write(author, bookingId, body), author);
  }

  @Summary('List the reviews of a booking')
  @Get('bookings/:bookingId/reviews')
  @RespondsWith(200, BookingReviews, 'booking.not_found')
  ofBooking(
    @CurrentUser() viewer: AuthUser,
    @Param('bookingId', Uuid) bookingId: string,
  ): Promise<BookingReviews> {
    return this.reader.listOfBooking(viewer, bookingId);
  }

  @Summary('Read a review')
  @Get('reviews/:id')
  @HasEtag()
  @OptionalUser()
  @RespondsWith(200, ReviewView, 'review.not_found')
  async read(@CurrentUser() viewer: AuthUser | null, @Param('id', Uuid) id: string): Promise<ReviewView> {
    return addEtag(await this.reader.readOne(viewer, id), viewer);
  }

  @Summary('Change a review')
  @Patch('reviews/:id')
  @RespondsWith(
    200,
    ReviewView,
    'review.not_found',
    'review.already_published',
    'request.precondition_failed',
  )
  async edit(
    @CurrentUser() author: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(EditReview) body: EditReview,
  ): Promise<ReviewView> {
    return addEtag(await this.reviews.edit(author, id, body), author);
  }

  @Summary('Reply to a review')
  @Post('reviews/:id/reply')
  @RespondsWith(201, ReviewView, 'review.not_found', 'review.already_replied', 'review.reply_window_closed')
  async reply(
    @CurrentUser() recipient: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(WriteReply) body: WriteReply,
  ): Promise<ReviewView> {
    return addEtag(await this.replies.reply(recipient, id, body), recipient);
  }

  @Summary('List the reviews of a listing')
  @Get('listings/:listingId/reviews')
  @Public()
  @RespondsWith(200, ListingReviews)
  ofListing(
    @Param('listingId', Uuid) listingId: string,
    @QueryParams(ListReviews) query: ListReviews,
  ): Promise<ListingReviews> {
    return this.reader.listOfListing(listingId, query);
  }

  @Summary('List the reviews of a user')
  @Get('users/:userId/reviews')
  @Public()
  @RespondsWith(200, UserReviews)
  ofUser(
    @Param('userId', Uuid) userId: string,
    @QueryParams(ListUserReviews) query: ListUserReviews,
  ): Promise<UserReviews> {
    return this.reader.listOfUser(userId, query);
  }

  @Summary('List the stays that you can review')
  @Get('me/reviews/pending')
  @RespondsWith(200, Page(PendingReview))
  pending(
    @CurrentUser() viewer: AuthUser,
    @QueryParams(ListPending) query: ListPending,
  ): Promise<PageOf<PendingReview>> {
    return this.reader.listPending(viewer, query);
  }
}

const addEtag = (review: ReviewView, viewer: AuthUser | null): ReviewView =>
  withEtag(review, etagOf(review, viewer?.id));
