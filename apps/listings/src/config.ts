import { FileStoreConfig, RANDOM } from '@roost/platform/start';
import { FeeConfig } from '@roost/pricing';
import { z } from 'zod';

const DEVELOPMENT_LOCATION_SECRET = 'roost-development-location-secret';

export const ListingsConfig = FileStoreConfig.extend({
  // A hit has the total of a quote, so its price includes the fee.
  ...FeeConfig.shape,
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
