import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { z } from 'zod';
import { RatingReaderService } from '../rating/rating-reader.service.js';
import { findPendingStays } from '../reviewable-stay/reviewable-stay.queries.js';
import { toGroupedViews, toReviewViews, toSingleView } from './review-views.js';
import {
  type BookingReviews,
  type ListingReviews,
  type ListReviews,
  type ListUserReviews,
  type PageOptions,
  type PendingReview,
  type ReviewFilter,
  type ReviewSort,
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
  type ReviewPosition,
  type SubjectKind,
} from './review.queries.js';

const Position = z.tuple([Instant, Uuid]);
const RatedPosition = z.tuple([z.int().min(1).max(5), Instant, Uuid]);
const EMPTY_PAGE: PageOf<ReviewView> = { data: [], nextCursor: null };

/**
 * Reads reviews for a viewer. Published reviews are visible to everyone, unpublished ones to their author, hidden
 * ones to their author and to administrators.
 */
@Injectable()
export class ReviewReaderService {
  constructor(
    private readonly em: EntityManager,
    private readonly ratings: RatingReaderService,
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
    const [[rating = null], [externalCount = 0], [list = EMPTY_PAGE]] = await Promise.all([
      this.ratings.ofSubjects([listingId]),
      this.ratings.externalCounts('listing', [listingId]),
      this.listPages({ kind: 'listing' }, [listingId], query, null),
    ]);
    return { rating, externalCount, ...list };
  }

  async listOfUser(userId: string, { direction, ...query }: ListUserReviews): Promise<UserReviews> {
    const [[rating = null], [hostRating = null], [externalCount = 0], [list = EMPTY_PAGE]] =
      await Promise.all([
        this.ratings.ofSubjects([userId]),
        this.ratings.ofHosts([userId]),
        this.ratings.externalCounts('host', [userId]),
        this.listPages({ kind: 'person', direction }, [userId], query, null),
      ]);
    return { rating, hostRating, externalCount, ...list };
  }

  /** One page per subject, in the order of the ids. */
  async listPages(
    kind: SubjectKind,
    subjectIds: readonly string[],
    { cursor, limit, sort, ...filter }: ReviewFilter & PageOptions,
    viewer: Viewer | null,
  ): Promise<PageOf<ReviewView>[]> {
    const em = this.em.fork();
    const bySubject = await findPublicReviews(em, kind, subjectIds, {
      ...filter,
      order: { sort, after: positionOf(cursor, sort) },
      limit: limit + 1,
    });
    const views = await toGroupedViews(em, bySubject, viewer);
    return subjectIds.map((subject) =>
      page(views.get(subject.toLowerCase()) ?? [], limit, ({ overall, publishedAt, id }) =>
        sort === 'newest' ? [publishedAt, id] : [overall, publishedAt, id],
      ),
    );
  }

  async listPending(viewer: Viewer, query: PageOptions): Promise<PageOf<PendingReview>> {
    const [closesAt, bookingId] = decodeCursor(query.cursor, Position) ?? [];
    const after = closesAt && bookingId ? { closesAt: new Date(closesAt), bookingId } : null;
    const rows = await findPendingStays(this.em.fork(), viewer.id, this.clock.now(), {
      after,
      limit: query.limit + 1,
    });
    return page(rows.map(toPendingReview), query.limit, (stay) => [stay.closesAt, stay.bookingId]);
  }
}

/** The position in a list with this order. A cursor of another order is invalid. */
function positionOf(cursor: string | undefined, sort: ReviewSort): ReviewPosition | null {
  if (sort !== 'newest') {
    const rated = decodeCursor(cursor, RatedPosition);
    return rated && { overall: rated[0], publishedAt: new Date(rated[1]), id: rated[2] };
  }
  const position = decodeCursor(cursor, Position);
  return position && { overall: null, publishedAt: new Date(position[0]), id: position[1] };
}
