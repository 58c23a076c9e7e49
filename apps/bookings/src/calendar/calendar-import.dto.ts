import { ExternalId, ImportBatch, Uuid } from '@roost/http';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import { endsWithinMonths, isOrdered, MUST_BE_AFTER_FROM } from './calendar.dto.js';

export const ImportedBlocks = z
  .strictObject({
    externalId: ExternalId,
    listingId: Uuid,
    blocked: z
      .array(
        z
          .strictObject({ from: StayDate, to: StayDate })
          .refine(isOrdered, MUST_BE_AFTER_FROM)
          .refine(endsWithinMonths(60), { path: ['to'], error: 'Must be at most 5 years after from' }),
      )
      .max(1_000, { error: 'Must have at most 1000 ranges' })
      .meta({
        description:
          'All nights that this source does not offer. They replace the nights of the previous import.',
      }),
  })
  .meta({ id: 'ImportedBlocks' });
export type ImportedBlocks = z.output<typeof ImportedBlocks>;

export const ImportBlocks = ImportBatch(ImportedBlocks).meta({ id: 'ImportBlocks' });
export type ImportBlocks = z.output<typeof ImportBlocks>;
