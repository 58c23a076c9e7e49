import type { EntityManager } from '@mikro-orm/postgresql';
import type { Direction } from './domain/direction.js';
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

export async function visibleOfBooking(
  em: EntityManager,
  bookingId: string,
  viewer: Viewer,
): Promise<Review[]> {
  return await em.find(Review, { bookingId, ...visibleTo(viewer) }, { orderBy: { direction: 'asc' } });
}

/** What is published and not hidden about a listing, or of a person; newest first. */
export async function reviewsOf(
  em: EntityManager,
  about: { listingId: string } | { recipientId: string; direction?: Direction | undefined },
  { after, limit }: { after: { publishedAt: Date; id: string } | null; limit: number },
): Promise<Review[]> {
  const conditions = ['published_at IS NOT NULL', 'hidden_at IS NULL'];
  const params: unknown[] = [];
  const where = (condition: string, ...values: unknown[]) => {
    conditions.push(condition);
    params.push(...values);
  };
  if ('listingId' in about) where(`listing_id = ? AND direction = 'guest_to_listing'`, about.listingId);
  else {
    where('recipient_id = ?', about.recipientId);
    if (about.direction) where('direction = ?', about.direction);
  }
  if (after) where('(published_at, id) < (?::timestamptz, ?::uuid)', after.publishedAt, after.id);
  const rows = await em.execute<Record<string, unknown>[]>(
    `SELECT * FROM review WHERE ${conditions.join(' AND ')} ORDER BY published_at DESC, id DESC LIMIT ?`,
    [...params, limit],
  );
  return rows.map((row) => em.map(Review, row));
}
