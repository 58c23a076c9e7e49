import { ExternalId, hasVisibleText, ImportBatch, Instant, INVISIBLE_TEXT, IsoDate, Uuid } from '@roost/http';
import { z } from 'zod';

export const MAX_AUTHOR_NAME = 200;

export const ExternalReview = z
  .strictObject({
    externalId: ExternalId,
    listingId: Uuid,
    authorName: z.string().trim().min(1).max(MAX_AUTHOR_NAME).refine(hasVisibleText, INVISIBLE_TEXT),
    text: z
      .string()
      .max(200_000)
      .meta({ description: 'Truncated to 5,000 characters, with the mark `[…]` at the end.' }),
    writtenAt: z.union([Instant, IsoDate]),
  })
  .meta({ id: 'ExternalReview' });
export type ExternalReview = z.output<typeof ExternalReview>;

export const ImportReviews = ImportBatch(ExternalReview).meta({ id: 'ImportReviews' });
export type ImportReviews = z.output<typeof ImportReviews>;
