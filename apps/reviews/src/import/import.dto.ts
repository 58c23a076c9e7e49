import { Instant, IsoDate, Uuid } from '@roost/platform';
import { z } from 'zod';

export const MAX_ROWS = 1_000;

export const ExternalReview = z
  .strictObject({
    externalId: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .meta({ description: 'What makes it one: sent again, it is updated' }),
    listingId: Uuid,
    authorName: z.string().trim().min(1).max(200),
    text: z
      .string()
      .max(200_000)
      .meta({ description: 'What exceeds 5,000 characters is cut off, with a mark' }),
    writtenAt: z.union([Instant, IsoDate]),
  })
  .meta({ id: 'ExternalReview' });
export type ExternalReview = z.output<typeof ExternalReview>;

/** A row that breaks a rule is answered in its place and stops no other: it may be anything here. */
export const ImportReviews = z
  .array(z.union([ExternalReview, z.unknown()]))
  .min(1)
  .max(MAX_ROWS, { error: `Must have at most ${MAX_ROWS} rows` })
  .meta({ id: 'ImportReviews' });
export type ImportReviews = z.output<typeof ImportReviews>;

export const ImportedRow = z
  .object({
    externalId: z.string().nullable(),
    status: z.enum(['created', 'updated', 'unchanged', 'refused']),
    reviewId: Uuid.nullable(),
    truncated: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why it was refused' }),
  })
  .meta({ id: 'ImportedReview' });
export type ImportedRow = z.output<typeof ImportedRow>;

export const ImportOutcome = z
  .object({
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    truncated: z.int(),
    results: z.array(ImportedRow).meta({ description: 'One for each row, in their order' }),
  })
  .meta({ id: 'ReviewImportOutcome' });
export type ImportOutcome = z.output<typeof ImportOutcome>;
