import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { z } from 'zod';
import { suspendedListings } from '../listing/listing.queries.js';
import { type RatingView, toRatingView } from '../rating/rating.dto.js';
import { Rating } from '../rating/rating.entity.js';
import { findPendingStays } from '../reviewable-stay/reviewable-stay.queries.js';
import { toGroupedViews, toReviewViews, toSingleView } from './review-views.js';
import {
  type BookingReviews,
  type ListingReviews,
  type ListReviews,
  type ListUserReviews,
  type PendingReview,
  type ReviewView,
  toPendingReview,
  type UserReviews,
  type Viewer,
} from './review.dto.js';
import {
  findAllVisible,
  findPublicReviews,
  findVisible,
  findVisibleOfBookings,
  type SubjectKind,
} from './review.queries.js';

const Position = z.tuple([Instant, Uuid]);
const EMPTY_PAGE: PageOf<ReviewView> = { data: [], nextCursor: null };

/**
 * Reads reviews for a viewer. Published reviews are visible to everyone, unpublished ones to their author, hidden
 * ones to their author and to administrators.
 */
@Injectable()
export class ReviewReaderService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
  ) {}

  async readOne(viewer: Viewer | null, id: string): Promise<ReviewView> {
    const em = this.em.fork();
    const review = await findVisible(em, id, viewer);
    if (!review) throw new Problem('review.not_found');
    return await toSingleView(em, review, viewer);
  }

  /** Those of these reviews that the viewer may see. */
  async readVisible(viewer: Viewer | null, ids: readonly string[]): Promise<ReviewView[]> {
    const em = this.em.fork();
    return await toReviewViews(em, await findAllVisible(em, ids, viewer), viewer);
  }

  async listOfBooking(viewer: Viewer, bookingId: string): Promise<BookingReviews> {
    const [data] = await this.listOfBookings(viewer, [bookingId]);
    if (!data) throw new Problem('booking.not_found');
    return { data };
  }

  /** One list per booking, in the order of the ids. Null for a booking in which the viewer has no part. */
  async listOfBookings(viewer: Viewer, bookingIds: readonly string[]): Promise<(ReviewView[] | null)[]> {
    const em = this.em.fork();
    const byBooking = await findVisibleOfBookings(em, bookingIds, viewer);
    const views = await toGroupedViews(em, byBooking, viewer);
    return bookingIds.map((id) => views.get(id.toLowerCase()) ?? null);
  }

  async listOfListing(listingId: string, query: ListReviews): Promise<ListingReviews> {
    const [[rating = null], [list = EMPTY_PAGE]] = await Promise.all([
      this.ratings([listingId]),
      this.listPages({ kind: 'listing' }, [listingId], query, null),
    ]);
    return { rating, ...list };
  }

  async listOfUser(userId: string, { direction, ...query }: ListUserReviews): Promise<UserReviews> {
    const [[rating = null], [list = EMPTY_PAGE]] = await Promise.all([
      this.ratings([userId]),
      this.listPages({ kind: 'person', direction }, [userId], query, null),
    ]);
    return { rating, ...list };
  }

  /** One page per subject, in the order of the ids. */
  async listPages(
    kind: SubjectKind,
    subjectIds: readonly string[],
    { cursor, limit }: ListReviews,
    viewer: Viewer | null,
  ): Promise<PageOf<ReviewView>[]> {
    const [publishedAt, id] = decodeCursor(cursor, Position) ?? [];
    const after = publishedAt && id ? { publishedAt: new Date(publishedAt), id } : null;
    const em = this.em.fork();
    const bySubject = await findPublicReviews(em, kind, subjectIds, { after, limit: limit + 1 });
    const views = await toGroupedViews(em, bySubject, viewer);
    return subjectIds.map((subject) =>
      page(views.get(subject.toLowerCase()) ?? [], limit, (review) => [review.publishedAt, review.id]),
    );
  }

  /** One rating per listing or guest, in the order of the ids. Null for a subject without ratings or suspended. */
  async ratings(subjectIds: readonly string[]): Promise<(RatingView | null)[]> {
    const em = this.em.fork();
    const rows = await em.find(Rating, { subjectId: { $in: [...subjectIds] } });
    const suspended = new Set(await suspendedListings(em, subjectIds));
    const shown = rows.filter(({ subjectId }) => !suspended.has(subjectId));
    const bySubject = new Map(shown.map((rating) => [rating.subjectId, rating]));
    return subjectIds.map((id) => toRatingView(bySubject.get(id.toLowerCase()) ?? null));
  }

  async listPending(viewer: Viewer, query: ListReviews): Promise<PageOf<PendingReview>> {
    const [closesAt, bookingId] = decodeCursor(query.cursor, Position) ?? [];
    const after = closesAt && bookingId ? { closesAt: new Date(closesAt), bookingId } : null;
    const rows = await findPendingStays(this.em.fork(), viewer.id, this.clock.now(), {
      after,
      limit: query.limit + 1,
    });
    return page(rows.map(toPendingReview), query.limit, (stay) => [stay.closesAt, stay.bookingId]);
  }
}
