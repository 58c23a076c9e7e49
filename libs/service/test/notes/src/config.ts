import { z } from 'zod';

export const NotesConfig = z.object({
  NOTES_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .meta({ description: 'a number from 1 to 10000' }),
});
