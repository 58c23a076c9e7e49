import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { z } from 'zod';
import { namesOf } from '../account/account.queries.js';
import { type RatingView, toRatingView } from '../rating/rating.dto.js';
import { Rating } from '../rating/rating.entity.js';
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
import { type About, findAllVisible, findVisible, reviewsOf, visibleOfBookings } from './review.queries.js';

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

  /** Of these, those that this person may see. */
  async all(viewer: Viewer | null, ids: readonly string[]): Promise<ReviewView[]> {
    const em = this.em.fork();
    return await views(em, await findAllVisible(em, ids, viewer), viewer);
  }

  async ofBooking(viewer: Viewer, bookingId: string): Promise<BookingReviews> {
    const [data] = await this.ofBookings(viewer, [bookingId]);
    if (!data) throw new Problem('booking.not_found');
    return { data };
  }

  /** Null for a booking that this person has nothing to do with. */
  async ofBookings(viewer: Viewer, bookingIds: readonly string[]): Promise<(ReviewView[] | null)[]> {
    const em = this.em.fork();
    const byBooking = await visibleOfBookings(em, bookingIds, viewer);
    const shown = await shownBy(em, byBooking, viewer);
    return bookingIds.map((id) => shown.get(id.toLowerCase()) ?? null);
  }

  async ofListing(listingId: string, query: ListReviews): Promise<ListingReviews> {
    const [[rating = null], [list = NOTHING]] = await Promise.all([
      this.ratings([listingId]),
      this.lists({ kind: 'listing' }, [listingId], query, null),
    ]);
    return { rating, ...list };
  }

  async ofUser(userId: string, { direction, ...query }: ListUserReviews): Promise<UserReviews> {
    const [[rating = null], [list = NOTHING]] = await Promise.all([
      this.ratings([userId]),
      this.lists({ kind: 'person', direction }, [userId], query, null),
    ]);
    return { rating, ...list };
  }

  /** One page for each, in their order. */
  async lists(
    about: About,
    subjectIds: readonly string[],
    { cursor, limit }: ListReviews,
    viewer: Viewer | null,
  ): Promise<PageOf<ReviewView>[]> {
    const [publishedAt, id] = decodeCursor(cursor, Position) ?? [];
    const after = publishedAt && id ? { publishedAt: new Date(publishedAt), id } : null;
    const em = this.em.fork();
    const found = await reviewsOf(em, about, subjectIds, { after, limit: limit + 1 });
    const shown = await shownBy(em, found, viewer);
    return subjectIds.map((subject) =>
      page(shown.get(subject.toLowerCase()) ?? [], limit, (review) => [review.publishedAt, review.id]),
    );
  }

  /** Of each listing or guest, in their order; null where nobody has rated. */
  async ratings(subjectIds: readonly string[]): Promise<(RatingView | null)[]> {
    const rows = await this.em.fork().find(Rating, { subjectId: { $in: [...subjectIds] } });
    const bySubject = new Map(rows.map((rating) => [rating.subjectId, rating]));
    return subjectIds.map((id) => toRatingView(bySubject.get(id.toLowerCase()) ?? null));
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
}

const NOTHING: PageOf<ReviewView> = { data: [], nextCursor: null };

/** The names of all authors are looked up at once. */
async function shownBy(
  em: EntityManager,
  grouped: ReadonlyMap<string, readonly Review[]>,
  viewer: Viewer | null,
): Promise<Map<string, ReviewView[]>> {
  const names = await namesOf(
    em,
    [...grouped.values()].flat().map(({ authorId }) => authorId),
  );
  return new Map(
    [...grouped].map(([id, reviews]) => [
      id,
      reviews.map((review) => toReviewView(review, names.get(review.authorId ?? '') ?? null, viewer)),
    ]),
  );
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
