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

/** What each side is asked about. */
export const CATEGORIES_OF: Record<Direction, readonly Category[]> = {
  guest_to_listing: ['accuracy', 'checkIn', 'cleanliness', 'communication', 'location', 'value'],
  host_to_guest: ['cleanliness', 'rules', 'communication'],
};

/** The first category that is missing or is asked of the other side only. */
export function wrongCategory(
  direction: Direction,
  scores: Scores,
): { category: Category; wrong: 'missing' | 'not_asked' } | null {
  const asked = CATEGORIES_OF[direction];
  for (const category of CATEGORIES) {
    const given = scores[category] !== undefined;
    if (given !== asked.includes(category)) return { category, wrong: given ? 'not_asked' : 'missing' };
  }
  return null;
}
