export { startWatchdog, type WatchdogOptions, type Watchdog } from './watchdog.js';
export { claimFolder, ownerOf } from './claim.js';
export { EmbeddedError } from './embedded-error.js';
export { startKafka, type EmbeddedKafka, type KafkaOptions } from './kafka.js';
export { freePort, portTaken } from './ports.js';
export { startPostgres, type EmbeddedPostgres, type PostgresOptions } from './postgres.js';
export { startRedis, type EmbeddedRedis, type RedisOptions } from './redis.js';
export { runningKafka, runningPostgres, runningRedis } from './running.js';
export { supervise } from './supervise.js';
