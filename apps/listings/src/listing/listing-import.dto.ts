import { ExternalId, ImportBatch, Uuid } from '@roost/http';
import { PriceRules, StayRules } from '@roost/pricing';
import { z } from 'zod';
import { CreateListing } from './listing.dto.js';

export const ImportedListing = z
  .strictObject({
    externalId: ExternalId,
    hostId: Uuid,
    content: CreateListing.meta({ description: 'Omitted fields keep their current value.' }),
    pricing: PriceRules.optional(),
    stayRules: StayRules.optional(),
  })
  .meta({ id: 'ImportedListing' });
export type ImportedListing = z.output<typeof ImportedListing>;

export const ImportListings = ImportBatch(ImportedListing).meta({ id: 'ImportListings' });
export type ImportListings = z.output<typeof ImportListings>;
