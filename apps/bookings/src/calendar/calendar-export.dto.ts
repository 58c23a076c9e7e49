import { Instant } from '@roost/http';
import { z } from 'zod';

export const CreateExportUrl = z
  .strictObject({
    withImports: z.boolean().default(false).meta({
      description:
        'Include the nights that were imported from feeds. Do not use it for a calendar that Roost imports as a feed, or that exports the calendars it imports.',
    }),
  })
  .meta({ id: 'CreateExportUrl' });
export type CreateExportUrl = z.output<typeof CreateExportUrl>;

export const MaskedExportUrl = z
  .object({
    url: z.string().meta({
      description: 'Without the token, which is a secret. Create a new URL if the current one is lost.',
    }),
    withImports: z.boolean(),
    createdAt: Instant,
  })
  .meta({ id: 'MaskedExportUrl' });
export type MaskedExportUrl = z.output<typeof MaskedExportUrl>;

export const ExportUrl = z
  .object({
    url: z.url().meta({
      description:
        'Shown only once. Anyone with this URL can read the calendar; the previous URL is revoked.',
    }),
    withImports: z.boolean(),
  })
  .meta({ id: 'ExportUrl' });
export type ExportUrl = z.output<typeof ExportUrl>;
