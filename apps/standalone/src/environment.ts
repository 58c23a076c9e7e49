import type { Environment } from '@roost/platform';
import type { Service } from './config.js';
import type { Secrets } from './secrets.js';

export const DEFAULT_PORTS: Record<Service | 'sandbox', number> = {
  gateway: 3000,
  identity: 3001,
  listings: 3002,
  bookings: 3003,
  payments: 3004,
  reviews: 3005,
  sandbox: 3010,
};

/** The gateway serves its metrics on a port that is not public. */
export const DEFAULT_METRICS_PORT = 3100;

/** The variable with the address of a service; a service of this process listens on the port of that address. */
export const URL_VARIABLES = {
  identity: 'IDENTITY_URL',
  listings: 'LISTINGS_URL',
  bookings: 'BOOKINGS_URL',
  payments: 'PAYMENTS_URL',
  reviews: 'REVIEWS_URL',
  sandbox: 'SANDBOX_URL',
} as const;

export type Addresses = Record<Service | 'sandbox', URL>;

export function addressesFrom(env: Environment): Addresses {
  const at = (name: Service | 'sandbox', given: string | undefined) =>
    new URL(given?.trim() || `http://127.0.0.1:${DEFAULT_PORTS[name]}`);
  return {
    gateway: at('gateway', env.PORT?.trim() ? `http://127.0.0.1:${env.PORT.trim()}` : undefined),
    identity: at('identity', env.IDENTITY_URL),
    listings: at('listings', env.LISTINGS_URL),
    bookings: at('bookings', env.BOOKINGS_URL),
    payments: at('payments', env.PAYMENTS_URL),
    reviews: at('reviews', env.REVIEWS_URL),
    sandbox: at('sandbox', env.SANDBOX_URL),
  };
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

export interface Composition {
  /** The environment of the start command. */
  env: Environment;
  secrets: Partial<Secrets>;
  addresses: Addresses;
  dataDir: string;
  /** The address of a database by its name. */
  databaseUrl(database: string): string;
  redisUrl: string;
  /** Null if events stay in this process. */
  kafkaBrokers: string | null;
}

/** The environment of a service. Variables of the start command override defaults, but not addresses of this process. */
export function composeEnvironment(name: Service | 'sandbox', composition: Composition): Environment {
  const { env, secrets, addresses, dataDir, databaseUrl, redisUrl, kafkaBrokers } = composition;
  const development = (env.ROOST_ENV?.trim() || 'development') === 'development';
  const defaults: Record<string, string> = {
    PUBLIC_URL: origin(addresses.gateway).replace('127.0.0.1', 'localhost'),
    JWKS_URL: `${origin(addresses.identity)}/.well-known/jwks.json`,
    SANDBOX_WEBHOOK_URL: `${origin(addresses.payments)}/v1/webhooks/sandbox`,
    ROOST_DEMO: development ? 'on' : 'off',
    ...secrets,
  };
  const fixed: Record<string, string> = {
    ROOST_MODE: kafkaBrokers === null ? 'embedded' : 'distributed',
    ...(kafkaBrokers === null ? {} : { KAFKA_BROKERS: kafkaBrokers }),
    ROOST_DATA_DIR: dataDir,
    PORT: String(portOf(addresses[name])),
    DATABASE_URL: databaseUrl(`roost_${name}`),
    REDIS_URL: redisUrl,
  };
  for (const [service, variable] of Object.entries(URL_VARIABLES)) {
    fixed[variable] = origin(addresses[service as keyof Addresses]);
  }
  if (env.ROOST_ENV?.trim() === 'production') {
    // Only the gateway is for clients of other machines, and not its metrics.
    if (name !== 'gateway') fixed.BIND_HOST = '127.0.0.1';
    else defaults.METRICS_HOST = '127.0.0.1';
  }
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  // A secret in a file replaces the generated one.
  for (const secret of Object.keys(secrets)) if (given[`${secret}_FILE`]) delete defaults[secret];
  return { ...defaults, ...given, ...fixed };
}

function origin(url: URL): string {
  return url.href.replace(/\/$/, '');
}
