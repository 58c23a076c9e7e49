import { Uuid } from '@roost/http';
import { z } from 'zod';

export const MAX_PHOTOS = 50;

export const PhotoOrder = z
  .strictObject({
    photoIds: z
      .array(Uuid)
      .max(MAX_PHOTOS)
      .meta({ description: 'The ids of all photos of the listing, each exactly once.' }),
  })
  .meta({ id: 'PhotoOrder' });
export type PhotoOrder = z.output<typeof PhotoOrder>;
