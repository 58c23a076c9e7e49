import { FileStoreConfig, RANDOM } from '@roost/platform/start';
import { z } from 'zod';

const DEVELOPMENT_LOCATION_SECRET = 'roost-development-location-secret';

export const ListingsConfig = FileStoreConfig.extend({
  LOCATION_SECRET: z
    .string()
    .min(32)
    .default(DEVELOPMENT_LOCATION_SECRET)
    .meta({
      description: 'a secret of at least 32 characters (openssl rand -base64 32)',
      notInProduction: [DEVELOPMENT_LOCATION_SECRET],
      production: RANDOM,
    }),
});
