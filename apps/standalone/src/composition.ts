import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@roost/platform';
import type { Service } from './config.js';
import { addressesFrom, composeEnvironment } from './environment.js';
import { secretsIn } from './secrets.js';

export { LogLines } from './distributed/log-lines.js';
export { runningInstance } from './running-instance.js';
export { DEFAULT_PORTS } from './environment.js';
export { definitions } from './services.js';

/** Servers that run already. */
export interface Parts {
  dataDir: string;
  databaseUrl(service: string): string;
  redisUrl: string;
  kafkaBrokers: string | null;
}

/**
 * The environment of an additional process of a service, which listens on any free port. Secrets are read from the data
 * folder, else from `env`; none is generated.
 */
export function environmentBeside(name: Service, env: Environment, parts: Parts): Environment {
  const { dataDir, databaseUrl, redisUrl, kafkaBrokers } = parts;
  const hasSecrets = existsSync(join(dataDir, 'secrets.json'));
  const composed = composeEnvironment(name, {
    env,
    secrets: hasSecrets ? secretsIn(dataDir) : {},
    addresses: addressesFrom(env),
    dataDir,
    databaseUrl: () => databaseUrl(name),
    redisUrl,
    kafkaBrokers,
  });
  return { ...composed, PORT: '0', ROOST_DEMO: 'off', LOG_LEVEL: env.LOG_LEVEL ?? 'fatal' };
}
