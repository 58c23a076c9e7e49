import { z } from 'zod';

export const GatewayConfig = z.object({
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).default(300).meta({
    description:
      'the number of requests per minute and user, 0 for no limit (an anonymous IP address has a fifth of it, /v1/auth/* a thirtieth)',
  }),
  GRAPHQL_INTROSPECTION: z.enum(['true', 'false']).optional().meta({
    description:
      'true or false: whether /graphql allows introspection; by default true unless ROOST_ENV is production',
  }),
});
