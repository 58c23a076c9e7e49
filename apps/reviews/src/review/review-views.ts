import type { EntityManager } from '@mikro-orm/postgresql';
import { displayNamesOf } from '../author/author.queries.js';
import { type ReviewView, toReviewView, type Viewer } from './review.dto.js';
import type { Review } from './review.entity.js';

export async function toSingleView(
  em: EntityManager,
  review: Review,
  viewer: Viewer | null,
): Promise<ReviewView> {
  const toView = await createMapper(em, [review], viewer);
  return toView(review);
}

export async function toReviewViews(
  em: EntityManager,
  reviews: readonly Review[],
  viewer: Viewer | null,
): Promise<ReviewView[]> {
  return reviews.map(await createMapper(em, reviews, viewer));
}

/** As `toReviewViews`, for reviews that are grouped by an id. */
export async function toGroupedViews(
  em: EntityManager,
  groups: ReadonlyMap<string, readonly Review[]>,
  viewer: Viewer | null,
): Promise<Map<string, ReviewView[]>> {
  const toView = await createMapper(em, [...groups.values()].flat(), viewer);
  return new Map([...groups].map(([id, reviews]) => [id, reviews.map(toView)]));
}

/** Reads the names of all authors in one statement. */
async function createMapper(
  em: EntityManager,
  reviews: readonly Review[],
  viewer: Viewer | null,
): Promise<(review: Review) => ReviewView> {
  const names = await displayNamesOf(
    em,
    reviews.map(({ authorId }) => authorId),
  );
  return (review) => toReviewView(review, names.get(review.authorId ?? '') ?? null, viewer);
}
