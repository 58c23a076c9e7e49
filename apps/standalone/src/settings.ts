import { randomBytes } from 'node:crypto';
import { type Environment, readConfig, StartError } from '@roost/platform/start';
import type { z } from 'zod';
import { type Service, SERVICES, StandaloneConfig } from './config.js';
import { addressesFrom, composeEnvironment } from './environment.js';

type Settings = ReturnType<typeof readConfig<typeof StandaloneConfig>>;

/** Only the settings of a service: its code is loaded later, while PostgreSQL and Redis start. */
const configs: Record<Service, () => Promise<z.ZodObject>> = {
  identity: async () => (await import('@roost/app-identity/config')).IdentityConfig,
  listings: async () => (await import('@roost/app-listings/config')).ListingsConfig,
  bookings: async () => (await import('@roost/app-bookings/config')).BookingsConfig,
  payments: async () => (await import('@roost/app-payments/config')).PaymentsConfig,
  reviews: async () => (await import('@roost/app-reviews/config')).ReviewsConfig,
  gateway: async () => (await import('@roost/app-gateway/config')).GatewayConfig,
};

/**
 * The settings of the process. Throws a `StartError` with one sentence per wrong setting of the process and of its
 * services, before anything is started.
 */
export async function readSettings(env: Environment): Promise<Settings> {
  const sentences = new Set<string>();
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      for (const line of error.message.split('\n')) sentences.add(line);
      return null;
    }
  };
  const secrets = generatedFor(env);
  const settings = attempt(() => readConfig(StandaloneConfig, { ...env, ...secrets }, { database: false }));
  const given = StandaloneConfig.shape.ROOST_SERVICES.safeParse(env.ROOST_SERVICES?.trim() || undefined);
  const addresses = addressesOf(env);
  for (const name of given.data ?? SERVICES) {
    const config = await configs[name]();
    if (!addresses) continue;
    const composed = composeEnvironment(name, { ...PLACEHOLDERS, env, secrets, addresses });
    attempt(() => readConfig(config, composed, { database: false }));
  }
  if (settings && sentences.size === 0) return settings;
  throw new StartError([...sentences].join('\n'));
}

/** Null addresses stop nothing: the settings of the process report the wrong one. */
function addressesOf(env: Environment) {
  try {
    return addressesFrom(env);
  } catch {
    return null;
  }
}

const PLACEHOLDERS = {
  dataDir: '.roost',
  databaseUrl: (database: string) => `postgres://localhost/${database}`,
  redisUrl: 'redis://localhost',
  kafkaBrokers: null,
};

/** Production requires secrets. The generated ones of the data folder are sufficient. */
function generatedFor(env: Environment): Record<string, string> {
  const names = ['ENCRYPTION_KEY', 'LOCATION_SECRET', 'SANDBOX_WEBHOOK_SECRET'];
  return Object.fromEntries(
    names
      .filter((name) => !env[name]?.trim() && !env[`${name}_FILE`]?.trim())
      .map((name) => [name, randomBytes(32).toString('base64url')]),
  );
}
