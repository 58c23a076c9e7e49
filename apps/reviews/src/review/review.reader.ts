import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, decodeCursor, Instant, page, type PageOf, Problem, Uuid } from '@roost/platform';
import { z } from 'zod';
import { namesOf } from '../account/account.queries.js';
import { toRatingView } from '../rating/rating.dto.js';
import { Rating } from '../rating/rating.entity.js';
import { Stay } from '../stay/stay.entity.js';
import { pendingOf } from '../stay/stay.queries.js';
import {
  type BookingReviews,
  type ListingReviews,
  type ListReviews,
  type ListUserReviews,
  type PendingReview,
  type ReviewView,
  toPendingReview,
  toReviewView,
  type UserReviews,
  type Viewer,
} from './review.dto.js';
import type { Review } from './review.entity.js';
import { findVisible, reviewsOf, visibleOfBooking } from './review.queries.js';

const Position = z.tuple([Instant, Uuid]);

/** What each person may read: the published to all, the unpublished to its author, the hidden to its author and admins. */
@Injectable()
export class ReviewReader {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
  ) {}

  async one(viewer: Viewer | null, id: string): Promise<ReviewView> {
    const em = this.em.fork();
    const review = await findVisible(em, id, viewer);
    if (!review) throw new Problem('review.not_found');
    return await view(em, review, viewer);
  }

  async ofBooking(viewer: Viewer, bookingId: string): Promise<BookingReviews> {
    const em = this.em.fork();
    const stay = await em.findOne(Stay, { bookingId });
    if (!stay || !(stay.directionOf(viewer.id) || viewer.roles.includes('admin'))) {
      throw new Problem('booking.not_found');
    }
    return { data: await views(em, await visibleOfBooking(em, bookingId, viewer), viewer) };
  }

  async ofListing(
    listingId: string,
    query: ListReviews,
    viewer: Viewer | null = null,
  ): Promise<ListingReviews> {
    const em = this.em.fork();
    const rating = await em.findOne(Rating, { subjectId: listingId });
    return { rating: toRatingView(rating), ...(await this.list(em, { listingId }, query, viewer)) };
  }

  async ofUser(userId: string, query: ListUserReviews, viewer: Viewer | null = null): Promise<UserReviews> {
    const em = this.em.fork();
    const rating = await em.findOne(Rating, { subjectId: userId });
    const about = { recipientId: userId, direction: query.direction };
    return { rating: toRatingView(rating), ...(await this.list(em, about, query, viewer)) };
  }

  async pending(viewer: Viewer, query: ListReviews): Promise<PageOf<PendingReview>> {
    const [closesAt, bookingId] = decodeCursor(query.cursor, Position) ?? [];
    const after = closesAt && bookingId ? { closesAt: new Date(closesAt), bookingId } : null;
    const rows = await pendingOf(this.em.fork(), viewer.id, this.clock.now(), {
      after,
      limit: query.limit + 1,
    });
    return page(rows.map(toPendingReview), query.limit, (stay) => [stay.closesAt, stay.bookingId]);
  }

  private async list(
    em: EntityManager,
    about: Parameters<typeof reviewsOf>[1],
    { cursor, limit }: ListReviews,
    viewer: Viewer | null,
  ): Promise<PageOf<ReviewView>> {
    const [publishedAt, id] = decodeCursor(cursor, Position) ?? [];
    const after = publishedAt && id ? { publishedAt: new Date(publishedAt), id } : null;
    const rows = await reviewsOf(em, about, { after, limit: limit + 1 });
    return page(await views(em, rows, viewer), limit, (review) => [review.publishedAt, review.id]);
  }
}

export async function view(em: EntityManager, review: Review, viewer: Viewer | null): Promise<ReviewView> {
  const names = await namesOf(em, [review.authorId]);
  return toReviewView(review, names.get(review.authorId ?? '') ?? null, viewer);
}

export async function views(
  em: EntityManager,
  reviews: readonly Review[],
  viewer: Viewer | null,
): Promise<ReviewView[]> {
  const names = await namesOf(
    em,
    reviews.map(({ authorId }) => authorId),
  );
  return reviews.map((review) => toReviewView(review, names.get(review.authorId ?? '') ?? null, viewer));
}
