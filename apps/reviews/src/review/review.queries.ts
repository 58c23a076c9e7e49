import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Direction } from '../criteria/domain/direction.js';
import { ReviewableStay } from '../reviewable-stay/reviewable-stay.entity.js';
import { suspendedListings } from '../listing/listing.queries.js';
import type { Viewer } from './review.dto.js';
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

/** The published reviews that are not hidden, and not of a suspended listing, by subject, newest first, at most `limit` per subject. */
export async function findPublicReviews(
  em: EntityManager,
  kind: SubjectKind,
  subjectIds: readonly string[],
  { after, limit }: { after: { publishedAt: Date; id: string } | null; limit: number },
): Promise<Map<string, Review[]>> {
  const bySubject = new Map<string, Review[]>(subjectIds.map((id) => [id.toLowerCase(), []]));
  const suspended = await suspendedListings(em, [...bySubject.keys()]);
  const isAfter =
    after === null
      ? sql`true`
      : sql`(published_at, id) < (${after.publishedAt}::timestamptz, ${after.id}::uuid)`;
  const rows = await em.execute<(Record<string, unknown> & { about_id: string })[]>(sql`
    SELECT found.*, subject.id AS about_id FROM unnest(ARRAY[${[...bySubject.keys()]}]::uuid[]) AS subject (id)
     CROSS JOIN LATERAL (
       SELECT * FROM review WHERE published_at IS NOT NULL AND hidden_at IS NULL AND ${isAbout(kind)} AND ${isAfter}
          AND (direction <> 'guest_to_listing' OR listing_id <> ALL(ARRAY[${suspended}]::uuid[]))
        ORDER BY published_at DESC, id DESC LIMIT ${limit}) found
     ORDER BY found.published_at DESC, found.id DESC`);
  for (const { about_id: id, ...row } of rows) bySubject.get(id)?.push(em.map(Review, row));
  return bySubject;
}

function isAbout(subject: SubjectKind) {
  if (subject.kind === 'listing') return sql`listing_id = subject.id AND direction = 'guest_to_listing'`;
  if (!subject.direction) return sql`recipient_id = subject.id`;
  return sql`recipient_id = subject.id AND direction = ${subject.direction}`;
}
