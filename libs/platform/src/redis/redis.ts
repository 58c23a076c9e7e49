import type { Redis } from 'ioredis';

/** `@Inject(REDIS) redis: Redis`; every key starts with `config.REDIS_PREFIX`. */
export const REDIS = Symbol('roost redis');

/** `@Inject(LOGGER) logger: Logger` (pino); each line carries the name of the service. */
export const LOGGER = Symbol('roost logger');

/** `@Inject(SERVICE) name: string` */
export const SERVICE = Symbol('roost service name');

export type { Redis };
