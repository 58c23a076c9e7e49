import { z } from 'zod';

export const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway'] as const;
export type Service = (typeof SERVICES)[number];

const port = (standard: number) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(standard)
    .meta({ description: 'a port from 0 to 65535, 0 for any free one' });

/** The variables that only the process of all services reads. */
export const StandaloneConfig = z.object({
  ROOST_SERVICES: z
    .string()
    .default(SERVICES.join(','))
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(SERVICES)).min(1))
    .meta({ description: `a comma-separated list of ${SERVICES.join(', ')}` }),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .meta({
      description:
        'an address such as postgres://user:password@db.example.com:5432, for a PostgreSQL of your own instead of the embedded one',
    }),
  BACKUP_DIR: z.string().min(1).optional().meta({
    description:
      'the path of a directory, on another disk than the data, in which the embedded PostgreSQL archives and "roost backup run" stores backups',
  }),
  POSTGRES_PORT: port(54_320),
  REDIS_PORT: port(63_790),
  KAFKA_PORT: port(9_092),
  /** Validated by the settings of payments. */
  PAYMENT_PROVIDERS: z.string().default('sandbox').meta({ description: 'see apps/payments' }),
  SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'the http(s) address of the sandbox provider' }),
});
