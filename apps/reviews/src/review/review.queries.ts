import { type EntityManager, raw, type RawQueryFragment, sql } from '@mikro-orm/postgresql';
import type { Direction } from '../criteria/domain/direction.js';
import { ReviewableStay } from '../reviewable-stay/reviewable-stay.entity.js';
import { suspendedListings } from '../listing/listing.queries.js';
import type { ReviewSort, Viewer } from './review.dto.js';
import { Review } from './review.entity.js';

/** The condition for a review to be visible to the viewer. Every read of single reviews uses it. */
const visibleTo = (viewer: Viewer | null) => {
  const isPublished = { publishedAt: { $ne: null } };
  if (viewer?.roles.includes('admin')) return { $or: [isPublished, { authorId: viewer.id }] };
  const isPublic = { ...isPublished, hiddenAt: null };
  return viewer ? { $or: [isPublic, { authorId: viewer.id }] } : isPublic;
};

export async function findVisible(
  em: EntityManager,
  id: string,
  viewer: Viewer | null,
): Promise<Review | null> {
  const [review] = await findAllVisible(em, [id], viewer);
  return review ?? null;
}

/**
 * Those of these reviews that the viewer may see. Reviews of a suspended listing are visible to their author, their
 * recipient and administrators.
 */
export async function findAllVisible(
  em: EntityManager,
  ids: readonly string[],
  viewer: Viewer | null,
): Promise<Review[]> {
  const reviews = await em.find(Review, { id: { $in: [...ids] }, ...visibleTo(viewer) });
  if (viewer?.roles.includes('admin')) return reviews;
  const suspended = new Set(
    await suspendedListings(
      em,
      reviews.map(({ listingId }) => listingId),
    ),
  );
  const isParty = ({ authorId, recipientId }: Review) =>
    viewer !== null && (authorId === viewer.id || recipientId === viewer.id);
  return reviews.filter(
    (review) => !isOfListing(review) || isParty(review) || !suspended.has(review.listingId),
  );
}

const isOfListing = ({ direction }: Review): boolean => direction === 'guest_to_listing';

/** The visible reviews by booking. Contains only bookings in which the viewer has a part, or all for administrators. */
export async function findVisibleOfBookings(
  em: EntityManager,
  bookingIds: readonly string[],
  viewer: Viewer,
): Promise<Map<string, Review[]>> {
  const stays = await em.find(ReviewableStay, { bookingId: { $in: [...bookingIds] } });
  const accessible = stays.filter((stay) => stay.directionOf(viewer.id) || viewer.roles.includes('admin'));
  const ids = accessible.map(({ bookingId }) => bookingId);
  const reviews = await em.find(
    Review,
    { bookingId: { $in: ids }, ...visibleTo(viewer) },
    { orderBy: { direction: 'asc' } },
  );
  const byBooking = new Map<string, Review[]>(ids.map((id) => [id, []]));
  for (const review of reviews) byBooking.get(review.bookingId ?? '')?.push(review);
  return byBooking;
}

/** The kind of the subjects of a list: listings, or persons as recipients of reviews. */
export type SubjectKind = { kind: 'listing' } | { kind: 'person'; direction?: Direction | undefined };

/** Where a page starts. `overall` is null in a list that is not sorted by rating. */
export interface ReviewPosition {
  overall: number | null;
  publishedAt: Date;
  id: string;
}

interface ReviewPage {
  order: { sort: ReviewSort; after: ReviewPosition | null };
  limit: number;
  overall?: number | undefined;
  external?: boolean | undefined;
}

/** The published reviews that are not hidden, and not of a suspended listing, by subject, at most `limit` per subject. */
export async function findPublicReviews(
  em: EntityManager,
  kind: SubjectKind,
  subjectIds: readonly string[],
  { order, limit, overall, external }: ReviewPage,
): Promise<Map<string, Review[]>> {
  const bySubject = new Map<string, Review[]>(subjectIds.map((id) => [id.toLowerCase(), []]));
  const suspended = await suspendedListings(em, [...bySubject.keys()]);
  const rows = await em.execute<(Record<string, unknown> & { about_id: string })[]>(sql`
    SELECT found.*, subject.id AS about_id FROM unnest(ARRAY[${[...bySubject.keys()]}]::uuid[]) AS subject (id)
     CROSS JOIN LATERAL (
       SELECT * FROM review WHERE published_at IS NOT NULL AND hidden_at IS NULL AND ${isAbout(kind)} AND ${isAfter(order)}
          AND ${overall === undefined ? sql`true` : sql`overall = ${overall}`}
          AND ${external === undefined ? sql`true` : sql`(external_id IS NOT NULL) = ${external}`}
          AND (direction <> 'guest_to_listing' OR listing_id <> ALL(ARRAY[${suspended}]::uuid[]))
        ORDER BY ${ORDERS[order.sort]} LIMIT ${limit}) found
     ORDER BY ${ORDERS[order.sort]}`);
  for (const { about_id: id, ...row } of rows) bySubject.get(id)?.push(em.map(Review, row));
  return bySubject;
}

function isAbout(subject: SubjectKind) {
  if (subject.kind === 'listing') return sql`listing_id = subject.id AND direction = 'guest_to_listing'`;
  if (!subject.direction) return sql`recipient_id = subject.id`;
  return sql`recipient_id = subject.id AND direction = ${subject.direction}`;
}

const ORDERS: Record<ReviewSort, RawQueryFragment> = {
  newest: raw('published_at DESC, id DESC'),
  highest_rating: raw('overall DESC, published_at DESC, id DESC'),
  lowest_rating: raw('overall, published_at DESC, id DESC'),
};

/** Reviews without a rating are in no list that is sorted by rating. */
function isAfter({ sort, after }: ReviewPage['order']) {
  if (after === null) return sort === 'newest' ? sql`true` : sql`overall IS NOT NULL`;
  const { overall, publishedAt, id } = after;
  const isOlder = sql`(published_at, id) < (${publishedAt}::timestamptz, ${id}::uuid)`;
  if (sort === 'newest') return isOlder;
  // The conditions of a partial index are not derived from a comparison of rows.
  if (sort === 'highest_rating') {
    return sql`overall IS NOT NULL
      AND (overall, published_at, id) < (${overall}::smallint, ${publishedAt}::timestamptz, ${id}::uuid)`;
  }
  return sql`overall >= ${overall} AND (overall > ${overall} OR ${isOlder})`;
}
