import { isIP } from 'node:net';
import { z } from 'zod';
import { looksRandom } from './secret-entropy.js';

const port = z.coerce.number().int().min(0).max(65535);
const url = (protocol: RegExp) => z.url({ protocol });

/** `10.0.0.1`, `10.0.0.0/8`, `::1`, `fd00::/8` */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** `kafka-1.example.com:9092`, `10.0.0.1:9092`, `[fd00::1]:9092` */
function isHostAndPort(text: string): boolean {
  const [, name, address, port] =
    /^(?:([a-z\d]+(?:[.-]+[a-z\d]+)*)|\[([\da-f:.]+)\]):(\d{1,5})$/i.exec(text) ?? [];
  if (address !== undefined && isIP(address) !== 6) return false;
  return (name ?? address ?? '').length <= 253 && Number(port) > 0 && Number(port) <= 65535;
}

/** The rule of secrets for `.meta({ production })`. */
export const RANDOM = {
  accepts: (value: unknown) => looksRandom(String(value)),
  rule: 'random (openssl rand -base64 32)',
};

/**
 * The environment variables of every service. `description` completes the sentence "NAME is …: it must be
 * <description>." that a failed start prints.
 */
export const BaseConfig = z.object({
  ROOST_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .meta({ description: 'development, test or production' }),
  ROOST_MODE: z.enum(['embedded', 'distributed']).default('embedded').meta({
    description: 'embedded (events stay in this process) or distributed (events go through Kafka)',
  }),
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((address) => address.trim()))
    .refine((list) => list.every(isHostAndPort))
    .optional()
    .meta({
      description: 'a comma-separated list of host:port, such as kafka-1:9092,kafka-2:9092',
    }),
  KAFKA_PREFIX: z
    .string()
    .regex(/^[\w.-]{0,64}$/)
    .default('')
    .meta({
      description:
        'letters, digits, underscores, dashes and dots, at most 64; the prefix of all topic and group names',
    }),
  KAFKA_TLS: z.enum(['off', 'on']).default('off').meta({ description: 'off or on' }),
  KAFKA_SASL: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .meta({ description: 'plain, scram-sha-256 or scram-sha-512' }),
  KAFKA_USERNAME: z.string().min(1).optional().meta({ description: 'the user name for Kafka' }),
  KAFKA_PASSWORD: z.string().min(1).optional().meta({ description: 'the password of KAFKA_USERNAME' }),
  ROOST_DATA_DIR: z.string().min(1).default('.roost').meta({ description: 'the path of a directory' }),
  PORT: port.optional().meta({ description: 'a port from 0 to 65535' }),
  METRICS_PORT: port.optional().meta({ description: 'a port from 0 to 65535' }),
  METRICS_HOST: z.string().min(1).optional().meta({
    description: 'the address on which the gateway serves its metrics; BIND_HOST by default, else 127.0.0.1',
  }),
  BIND_HOST: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'an address to listen on, such as 127.0.0.1 or 0.0.0.0' }),
  PUBLIC_URL: url(/^https?$/)
    .default('http://localhost:3000')
    .meta({
      description: 'the http(s) URL of the gateway, as clients use it; in production an https URL',
      production: { accepts: (value: unknown) => String(value).startsWith('https:'), rule: 'an https URL' },
    }),
  REDIS_URL: url(/^rediss?$/)
    .default('redis://127.0.0.1:63790')
    .meta({ description: 'a URL such as redis://127.0.0.1:63790' }),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w:-]{1,64}$/)
    .default('roost')
    .meta({
      description:
        'letters, digits, underscores, dashes and colons, at most 64; the prefix of all Redis keys',
    }),
  JWKS_URL: url(/^(https?|file|data)$/)
    .optional()
    .meta({ description: 'an http(s), file or data URL of a JSON Web Key Set' }),
  JWT_ISSUER: z
    .string()
    .min(1)
    .default('roost')
    .meta({ description: 'the required issuer (iss) of access tokens' }),
  IDENTITY_URL: url(/^https?$/)
    .default('http://127.0.0.1:3001')
    .meta({ description: 'an http(s) address' }),
  LISTINGS_URL: url(/^https?$/)
    .default('http://127.0.0.1:3002')
    .meta({ description: 'an http(s) address' }),
  BOOKINGS_URL: url(/^https?$/)
    .default('http://127.0.0.1:3003')
    .meta({ description: 'an http(s) address' }),
  PAYMENTS_URL: url(/^https?$/)
    .default('http://127.0.0.1:3004')
    .meta({ description: 'an http(s) address' }),
  REVIEWS_URL: url(/^https?$/)
    .default('http://127.0.0.1:3005')
    .meta({ description: 'an http(s) address' }),
  TRUSTED_PROXIES: z
    .string()
    .refine((list) => list.split(',').every((entry) => entry.trim() === '' || isNetwork(entry.trim())))
    .default('')
    .meta({ description: 'a comma-separated list of addresses or networks, such as 10.0.0.0/8' }),
  ENCRYPTION_KEY: z
    .string()
    .min(32)
    .optional()
    .meta({
      description: 'a secret of at least 32 characters (openssl rand -base64 32)',
      production: { ...RANDOM, required: true },
    }),
  ENCRYPTION_KEY_ALTERNATE: z.string().min(32).optional().meta({
    description: 'a second secret that also decrypts, while ENCRYPTION_KEY is replaced',
    production: RANDOM,
  }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'fatal, error, warn, info, debug, trace or silent' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?$/)
    .optional()
    .meta({
      description:
        'the http(s) URL of an OTLP collector, such as http://127.0.0.1:4318; tracing is off without it',
    }),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^[\w-]+=(?:[^,%]|%[0-9A-Fa-f]{2})*(?:,[\w-]+=(?:[^,%]|%[0-9A-Fa-f]{2})*)*$/)
    .optional()
    .meta({
      description: 'name=value,name=value: headers of each request to the collector, such as an API key',
    }),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ description: 'the share of new traces that are sampled, from 0 to 1' }),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce
    .number()
    .int()
    .min(10)
    .max(60_000)
    .default(1_000)
    .meta({ description: 'milliseconds between two requests to the collector, from 10 to 60000' }),
  STOP_LINGER_SECONDS: z.coerce.number().int().min(0).max(15).default(3).meta({
    description:
      'seconds from 0 to 15 in which a service that stops still accepts requests on open connections, and closes each with its response',
  }),
  ROOST_FAULT: z.string().optional().meta({ description: 'name:kill, name:throw or name:delay:<ms>' }),
});

/** The environment variables of every service with a database. */
export const DatabaseConfig = z.object({
  DATABASE_URL: url(/^postgres(ql)?$/).meta({
    description: 'a URL such as postgres://user:password@127.0.0.1:54320/roost_bookings',
  }),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .meta({ description: 'the maximum number of connections to PostgreSQL, from 2 to 200' }),
  DATABASE_MIGRATIONS: z.enum(['apply', 'require']).default('apply').meta({
    description:
      'apply (the start creates a missing database and applies pending migrations) or require (the start changes no table and fails while migrations are pending)',
  }),
  DATABASE_ROLE: z
    .string()
    .regex(/^[A-Za-z_][\w$-]{0,62}$/)
    .optional()
    .meta({
      description:
        'the name of the PostgreSQL role with which the service runs; migrate lets it read and write data only',
    }),
  DATABASE_WAIT_SECONDS: z.coerce.number().int().min(1).max(60).default(10).meta({
    description: 'the seconds that a request waits for a free connection before it fails, from 1 to 60',
  }),
});

/** The environment variables of a service that stores files: a part of its own schema. */
export const FileStoreConfig = z.object({
  FILE_STORE: z
    .enum(['disk', 's3'])
    .default('disk')
    .meta({
      description: 'disk (files are in ROOST_DATA_DIR) or s3 (files are objects of S3_BUCKET)',
      requires: (value: unknown) =>
        value === 's3' ? ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] : [],
    }),
  S3_ENDPOINT: url(/^https?$/)
    .optional()
    .meta({ description: 'the http(s) URL of a server with the interface of S3' }),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/)
    .optional()
    .meta({ description: 'the name of an existing bucket' }),
  S3_REGION: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .default('us-east-1')
    .meta({ description: 'the region of the bucket' }),
  S3_PATH_STYLE: z.enum(['on', 'off']).default('on').meta({
    description: 'on (the bucket is in the path of the URL) or off (the bucket is in the name of the host)',
  }),
  S3_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the id of a key that may write, read and delete objects of the bucket' }),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional().meta({ description: 'the secret of S3_ACCESS_KEY_ID' }),
  S3_SESSION_TOKEN: z.string().min(1).optional().meta({ description: 'the token of a temporary key' }),
});

export type FileStoreConfig = z.output<typeof FileStoreConfig>;
export type BaseConfig = z.output<typeof BaseConfig>;
export type CommonConfig = BaseConfig & Partial<z.output<typeof DatabaseConfig>>;

/** The configuration of a service: its own variables and the common ones. */
export type Config<C extends z.ZodObject = z.ZodObject<Record<never, never>>> = z.output<C> & CommonConfig;

/** `@Inject(CONFIG) config: Config<typeof BookingsConfig>` */
export const CONFIG = Symbol('roost config');
