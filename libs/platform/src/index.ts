export { ClockControl } from './clock/clock-control.js';
export { Clock, SystemClock } from './clock/clock.js';
export {
  BaseConfig,
  CONFIG,
  type Config,
  DatabaseConfig,
  FileStoreConfig,
  RANDOM,
  type CommonConfig,
} from './config/base-config.js';
export { isAllowedOrigin, isOrigin } from './config/allowed-origin.js';
export {
  CLIENT_PAGES,
  type ClientPage,
  ClientUrls,
  CorsOrigins,
  fillTemplate,
  parseClientUrls,
} from './config/client-settings.js';
export { type Environment, readConfig, readSettings, StartError } from './config/read-config.js';
export {
  Encryption,
  hashToken,
  hmac,
  type HmacAlgorithm,
  randomToken,
  secretsEqual,
} from './crypto/encryption.js';
export { deterministicUuid } from './crypto/deterministic-uuid.js';
export { uuidv7 } from './crypto/uuidv7.js';
export { asProblem, isStorageFull } from './database/database-errors.js';
export { probeStorage } from './database/storage-probe.queries.js';
export { Migration0000Platform } from './database/migrations.js';
export { applyMigrations, type MigrationClass, type Schema } from './database/migrator.js';
export { grantDataAccess } from './database/grants.js';
export { type DatabaseOptions, openDatabase } from './database/orm.js';
export { limitConnectionWait } from './database/connection-limit.js';
export { executePrepared } from './database/prepared-statement.js';
export { prefixPattern } from './database/like.js';
export { catalogue, type ErrorCode, isErrorCode } from './errors/catalogue.js';
export {
  type FieldError,
  invalidField,
  invalidParameter,
  Problem,
  type ProblemBody,
  unavailable,
} from './errors/problem.js';
export { DiskFileStore, FileStore, type StoredFile } from './files/file-store.js';
export { S3FileStore } from './files/s3-file-store.js';
export { Health } from './health/health.js';
export { StorageMonitor } from './health/storage-monitor.js';
export { withTraceparent, runTracedJob, type TracedJobData } from './jobs/job-trace.js';
export {
  type FailedJob,
  type FailedJobPosition,
  type JobCounts,
  JobOperations,
  type JobObstacle,
  type JobOutcome,
} from './jobs/job-operations.js';
export { JobWaker } from './jobs/job-waker.js';
export { queueOptions } from './jobs/queue-options.js';
export { Jobs, SweepEvery } from './jobs/sweep.js';
export { SweepRegistry } from './jobs/sweep-registry.js';
export { Sweeper } from './jobs/sweeper.js';
export { createLogger, logDestination, nestLogger } from './logging/logging.js';
export { addProcessGauge, Metrics, type MetricDescription } from './metrics/metrics.js';
export { scrapedGauges } from './metrics/scraped-gauges.js';
export { connectRedis } from './redis/connect.js';
export { LOGGER, REDIS, type Redis, SERVICE } from './redis/redis.js';
export { startTimer, timeoutSignal } from './timing/timer.js';
export { TimeoutError, withTimeout } from './timing/with-timeout.js';
export { WorkSlots } from './timing/work-slots.js';
export {
  currentScope,
  type RequestScope,
  runInScope,
  runWithoutRequestContext,
} from './context/request-scope.js';
