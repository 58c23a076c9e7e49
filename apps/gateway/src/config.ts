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
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).default(300).meta({
    description:
      'the number of requests per minute and user, 0 for no limit (an anonymous IP address has a fifth of it, log-ins and the like under /v1/auth/ a thirtieth, as has a session for step-ups)',
  }),
  GRAPHQL_INTROSPECTION: z.enum(['true', 'false']).optional().meta({
    description:
      'true or false: whether /graphql allows introspection; by default true unless ROOST_ENV is production',
  }),
});
