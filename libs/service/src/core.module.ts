import { EntityManager as CoreEntityManager, MikroORM as CoreMikroORM } from '@mikro-orm/core';
import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { BullModule } from '@nestjs/bull';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { Tracing } from '@roost/tracing';
import type { Logger } from 'pino';
import {
  AccessGuard,
  AccessTokens,
  KeySource,
  ClockController,
  Idempotency,
  IdempotencyKeys,
} from '@roost/http';
import {
  Clock,
  SystemClock,
  ClockControl,
  type BaseConfig,
  CONFIG,
  Encryption,
  FileStore,
  Health,
  Sweeper,
  SweepRegistry,
  Metrics,
  LOGGER,
  queueOptions,
  REDIS,
  type Redis,
  SERVICE,
  type StorageMonitor,
} from '@roost/platform';
import type { ServiceDefinition } from './definition.js';

/** Not used in production: ENCRYPTION_KEY is required there. */
const DEVELOPMENT_ENCRYPTION_KEY = 'roost-development-encryption-key';

export interface ServiceParts {
  definition: ServiceDefinition;
  config: BaseConfig;
  logger: Logger;
  redis: Redis;
  orm: MikroORM | null;
  metrics: Metrics;
  tracing: Tracing;
  health: Health;
  keySource: KeySource;
  /** The parts that write to disks report to it. */
  storage: StorageMonitor;
  /** Null for a service without `FileStoreConfig`. */
  files: FileStore | null;
}

/** The providers that every module of a service can inject. */
@Module({})
export class CoreModule {
  static forService(parts: ServiceParts): DynamicModule {
    const { definition, config, logger, redis, orm, metrics, tracing, health, keySource, files } = parts;
    const queue = definition.queue === true;
    const values: Provider[] = [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: SERVICE, useValue: definition.name },
      { provide: REDIS, useValue: redis },
      { provide: Metrics, useValue: metrics },
      { provide: Tracing, useValue: tracing },
      { provide: Health, useValue: health },
      { provide: KeySource, useValue: keySource },
      { provide: AccessTokens, useValue: new AccessTokens(keySource, config.JWT_ISSUER) },
      { provide: Encryption, useValue: encryptionOf(config) },
      ...(files ? [{ provide: FileStore, useValue: files }] : []),
      Clock,
      SystemClock,
    ];
    const database: Provider[] = orm
      ? [
          { provide: MikroORM, useValue: orm },
          { provide: CoreMikroORM, useValue: orm },
          { provide: EntityManager, useValue: orm.em },
          { provide: CoreEntityManager, useValue: orm.em },
        ]
      : [];
    const idempotency: Provider[] = orm && definition.messaging !== false ? [Idempotency] : [];
    const devClock = config.ROOST_ENV !== 'production' && definition.http?.devClock !== false;
    return {
      module: CoreModule,
      global: true,
      imports: [DiscoveryModule, ...(queue ? queueModules(definition.name, config) : [])],
      controllers: devClock ? [ClockController] : [],
      providers: [
        ...values,
        ...database,
        ...idempotency,
        ClockControl,
        IdempotencyKeys,
        Sweeper,
        SweepRegistry,
        AccessGuard,
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
      exports: [
        ...values.map(tokenOf),
        ...database.map(tokenOf),
        ...idempotency.map(tokenOf),
        AccessGuard,
        ClockControl,
        IdempotencyKeys,
        Sweeper,
        ...(queue ? [BullModule] : []),
      ],
    };
  }
}

const encryptionOf = ({ ENCRYPTION_KEY, ENCRYPTION_KEY_ALTERNATE }: BaseConfig) =>
  new Encryption(ENCRYPTION_KEY ?? DEVELOPMENT_ENCRYPTION_KEY, ENCRYPTION_KEY_ALTERNATE);

const tokenOf = (provider: Provider) => (typeof provider === 'function' ? provider : provider.provide);

function queueModules(name: string, { REDIS_URL, REDIS_PREFIX }: BaseConfig): DynamicModule[] {
  return [BullModule.forRoot(queueOptions(REDIS_URL, REDIS_PREFIX)), BullModule.registerQueue({ name })];
}
