import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';

export const ListingChange = z
  .object({
    version: z.int(),
    at: Instant,
    by: z
      .enum(['host', 'admin', 'system'])
      .meta({ id: 'ListingChangeActor', description: 'Imports are changes of administrators.' }),
    actorId: Uuid.nullable().meta({ description: 'Administrators are shown to administrators only.' }),
    action: z.string().meta({ examples: ['created', 'changed', 'published'] }),
    fields: z.array(z.string()).meta({
      description: 'The names of the changed fields. Empty for a new listing.',
    }),
  })
  .meta({ id: 'ListingChange' });
export type ListingChange = z.output<typeof ListingChange>;

export const ListingChangesQuery = z.strictObject(PageQuery);
export type ListingChangesQuery = z.output<typeof ListingChangesQuery>;

export const ListingChangePage = Page(ListingChange);
export type ListingChangePage = z.output<typeof ListingChangePage>;
