import type { QueueOptions } from 'bull';
import { DISCONNECT_TIMEOUT_MS } from '../redis/connect.js';

/** A job that has been completed is deleted. Of the failed jobs of a queue, this many are kept for operators. */
export const JOB_RETENTION = { removeOnComplete: true, removeOnFail: 100 };

/** The options of a Bull queue. A queue has the name of its service. */
export function queueOptions(redisUrl: string, redisPrefix: string): QueueOptions {
  const url = new URL(redisUrl);
  return {
    prefix: `${redisPrefix}:bull`,
    redis: {
      host: url.hostname,
      port: Number(url.port || 6379),
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      db: Number(url.pathname.slice(1) || 0),
      ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
      ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
    defaultJobOptions: JOB_RETENTION,
  };
}
