import { RateLimitConfig } from '@roost/http';
import { z } from 'zod';
import { isOrigin } from './proxy/allowed-origin.js';

export const GatewayConfig = z.object({
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((entry) => entry.trim() || []))
    .refine((origins) => origins.every(isOrigin))
    .meta({
      description:
        'a comma-separated list of exact origins, such as https://app.example.com, whose pages may use the API from browsers; * is not allowed (development also allows localhost)',
    }),
  ...RateLimitConfig.shape,
  GRAPHQL_INTROSPECTION: z.enum(['true', 'false']).optional().meta({
    description:
      'true or false: whether /graphql allows introspection; by default true unless ROOST_ENV is production',
  }),
});
