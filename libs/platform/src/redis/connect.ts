import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { StartError } from '../config/read-config.js';

/**
 * The time that Redis has to close a connection that is being ended. ioredis waits for it with a timer that keeps the process
 * running, also if the connection has been lost before.
 */
export const DISCONNECT_TIMEOUT_MS = 200;
const MAX_RETRY_DELAY_MS = 2_000;
/** Its time limit also runs while the event loop is blocked, as during a start: one that runs out proves little. */
const START_TRIES = 3;

/** A connection that reconnects. While Redis is unavailable, commands fail fast instead of queueing. Throws a `StartError`. */
export async function connectRedis(url: string, service: string, logger: Logger): Promise<Redis> {
  for (let tries = 1; ; tries += 1) {
    const { redis, failure } = await connectOnce(url, service, logger);
    if (failure === null) return redis;
    redis.disconnect();
    if (failure === 'ETIMEDOUT' && tries < START_TRIES) continue;
    const { hostname, port } = new URL(url);
    throw new StartError(
      `${service} can't use Redis at ${hostname}:${port || 6379} (${failure}): is it running? REDIS_URL is its URL.`,
    );
  }
}

async function connectOnce(
  url: string,
  service: string,
  logger: Logger,
): Promise<{ redis: Redis; failure: string | null }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    connectionName: `roost-${service}`,
    retryStrategy: (tries) => Math.min(tries * 50, MAX_RETRY_DELAY_MS),
  });
  let reason = '';
  redis.on('error', (error: NodeJS.ErrnoException) => {
    const current = error.code ?? error.message;
    if (current !== reason) logger.warn({ reason: current }, 'redis unreachable');
    reason = current;
  });
  redis.on('ready', () => {
    reason = '';
  });
  try {
    await redis.connect();
    await redis.ping();
    return { redis, failure: null };
  } catch (error) {
    return { redis, failure: reason || (error as Error).message };
  }
}
