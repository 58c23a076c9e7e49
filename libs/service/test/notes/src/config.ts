import { FileStoreConfig } from '@roost/platform';
import { z } from 'zod';

export const NotesConfig = FileStoreConfig.extend({
  NOTES_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .meta({ description: 'a number from 1 to 10000' }),
});
