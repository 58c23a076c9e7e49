import { documentedNumber } from '@roost/http';
import { z } from 'zod';
import { ListingView } from '../listing/listing.dto.js';

const MAX_SIMILAR = 20;
const DEFAULT_SIMILAR = 10;

export const SimilarQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^([1-9]|1\d|20)$/, { error: `Must be a whole number from 1 to ${MAX_SIMILAR}` })
    .transform(Number)
    .meta(documentedNumber('integer', 1, MAX_SIMILAR))
    .default(DEFAULT_SIMILAR),
});
export type SimilarQuery = z.output<typeof SimilarQuery>;

export const SimilarCount = z.int().min(1).max(MAX_SIMILAR).default(DEFAULT_SIMILAR);

export const SimilarListings = z
  .object({ data: z.array(ListingView) })
  .meta({ id: 'SimilarListings', description: 'The most similar listing first. Not paged.' });
export type SimilarListings = z.output<typeof SimilarListings>;
