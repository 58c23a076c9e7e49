import { RateLimitConfig } from '@roost/http';
import { CorsOrigins } from '@roost/platform';
import { z } from 'zod';

export const GatewayConfig = z.object({
  CORS_ORIGINS: CorsOrigins,
  ...RateLimitConfig.shape,
  GRAPHQL_INTROSPECTION: z.enum(['true', 'false']).optional().meta({
    description:
      'true or false: whether /graphql allows introspection; by default true unless ROOST_ENV is production',
  }),
});
