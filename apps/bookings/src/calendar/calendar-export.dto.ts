import { z } from 'zod';

export const CreateExportUrl = z
  .strictObject({
    withImports: z.boolean().default(false).meta({
      description:
        'Pass on the nights that came from feeds, too. Not for a calendar that comes back here as a feed, or sends on what it reads',
    }),
  })
  .meta({ id: 'CreateExportUrl' });
export type CreateExportUrl = z.output<typeof CreateExportUrl>;

export const ExportUrl = z
  .object({
    url: z.url().meta({
      description: 'Shown this once: whoever has it can read the calendar. The one before it is dead',
    }),
    withImports: z.boolean(),
  })
  .meta({ id: 'ExportUrl' });
export type ExportUrl = z.output<typeof ExportUrl>;
