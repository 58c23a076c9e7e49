import type { Direction } from './direction.js';

export const CATEGORIES = [
  'accuracy',
  'checkIn',
  'cleanliness',
  'communication',
  'location',
  'value',
  'rules',
] as const;
export type Category = (typeof CATEGORIES)[number];

export type Scores = { [C in Category]?: number | undefined };

/** The categories that a review of this direction must rate, all of them. */
export const CATEGORIES_OF: Record<Direction, readonly Category[]> = {
  guest_to_listing: ['accuracy', 'checkIn', 'cleanliness', 'communication', 'location', 'value'],
  host_to_guest: ['cleanliness', 'rules', 'communication'],
};

export interface CategoryFault {
  category: Category;
  reason: 'missing' | 'not_applicable';
}

/** The first category that is required and missing, or that belongs to the other direction. Null if all are right. */
export function findCategoryFault(direction: Direction, scores: Scores): CategoryFault | null {
  const required = CATEGORIES_OF[direction];
  for (const category of CATEGORIES) {
    const isRated = scores[category] !== undefined;
    if (isRated !== required.includes(category)) {
      return { category, reason: isRated ? 'not_applicable' : 'missing' };
    }
  }
  return null;
}
