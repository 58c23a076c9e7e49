import type { Redis } from 'ioredis';

/** `@Inject(REDIS) redis: Redis`; put `config.REDIS_PREFIX` before every key. */
export const REDIS = Symbol('roost redis');

/** `@Inject(LOGGER) logger: Logger` (pino), named after the service. */
export const LOGGER = Symbol('roost logger');

/** `@Inject(SERVICE) name: string` */
export const SERVICE = Symbol('roost service name');

export type { Redis };
