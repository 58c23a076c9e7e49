import type { EntityManager } from '@mikro-orm/postgresql';
import type { Direction } from './domain/direction.js';
import { Stay } from '../stay/stay.entity.js';
import type { Viewer } from './review.dto.js';
import { Review } from './review.entity.js';

/** Who may see what, in one place: every read of a single review goes through it. */
const visibleTo = (viewer: Viewer | null) => {
  const all = { publishedAt: { $ne: null } };
  if (viewer?.roles.includes('admin')) return { $or: [all, { authorId: viewer.id }] };
  const shown = { ...all, hiddenAt: null };
  return viewer ? { $or: [shown, { authorId: viewer.id }] } : shown;
};

export async function findVisible(
  em: EntityManager,
  id: string,
  viewer: Viewer | null,
): Promise<Review | null> {
  return await em.findOne(Review, { id, ...visibleTo(viewer) });
}

/** What this person may see of these. */
export async function findAllVisible(
  em: EntityManager,
  ids: readonly string[],
  viewer: Viewer | null,
): Promise<Review[]> {
  return await em.find(Review, { id: { $in: [...ids] }, ...visibleTo(viewer) });
}

/** By booking, of those bookings that this person has to do with. */
export async function visibleOfBookings(
  em: EntityManager,
  bookingIds: readonly string[],
  viewer: Viewer,
): Promise<Map<string, Review[]>> {
  const stays = await em.find(Stay, { bookingId: { $in: [...bookingIds] } });
  const known = stays.filter((stay) => stay.directionOf(viewer.id) || viewer.roles.includes('admin'));
  const ids = known.map(({ bookingId }) => bookingId);
  const reviews = await em.find(
    Review,
    { bookingId: { $in: ids }, ...visibleTo(viewer) },
    { orderBy: { direction: 'asc' } },
  );
  const byBooking = new Map<string, Review[]>(ids.map((id) => [id, []]));
  for (const review of reviews) byBooking.get(review.bookingId ?? '')?.push(review);
  return byBooking;
}

export type About = { kind: 'listing' } | { kind: 'person'; direction?: Direction | undefined };

/** What is published and not hidden about each of these listings or persons; newest first. */
export async function reviewsOf(
  em: EntityManager,
  about: About,
  subjectIds: readonly string[],
  { after, limit }: { after: { publishedAt: Date; id: string } | null; limit: number },
): Promise<Map<string, Review[]>> {
  const bySubject = new Map<string, Review[]>(subjectIds.map((id) => [id.toLowerCase(), []]));
  const conditions = ['published_at IS NOT NULL', 'hidden_at IS NULL'];
  const params: unknown[] = [];
  if (about.kind === 'listing') {
    conditions.push(`listing_id = subject.id AND direction = 'guest_to_listing'`);
  } else {
    conditions.push('recipient_id = subject.id');
    if (about.direction) {
      conditions.push('direction = ?');
      params.push(about.direction);
    }
  }
  if (after) {
    conditions.push('(published_at, id) < (?::timestamptz, ?::uuid)');
    params.push(after.publishedAt, after.id);
  }
  const rows = await em.execute<(Record<string, unknown> & { about_id: string })[]>(
    `SELECT found.*, subject.id AS about_id FROM unnest(?::uuid[]) AS subject (id) CROSS JOIN LATERAL (
       SELECT * FROM review WHERE ${conditions.join(' AND ')} ORDER BY published_at DESC, id DESC LIMIT ?) found
     ORDER BY found.published_at DESC, found.id DESC`,
    [`{${[...bySubject.keys()].join(',')}}`, ...params, limit],
  );
  for (const { about_id: id, ...row } of rows) bySubject.get(id)?.push(em.map(Review, row));
  return bySubject;
}
