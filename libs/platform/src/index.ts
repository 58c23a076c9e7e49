export {
  defineService,
  type HttpOptions,
  type MigrationClass,
  type RunningService,
  type ServiceDefinition,
  type StartOptions,
} from './service/definition.js';
export { startService } from './service/start.js';
export { runService } from './service/run.js';
export { createLogger, logDestination } from './service/logging.js';
export { BaseConfig, CONFIG, type Config, DatabaseConfig } from './config/base-config.js';
export { type Environment, readConfig, StartError } from './config/read-config.js';
export { kafkaConnection } from './kafka/kafka.js';
export { catalogue, defineErrors, type ErrorCode, type ErrorEntry, isErrorCode } from './errors/catalogue.js';
export {
  type FieldError,
  invalidField,
  invalidParameter,
  Problem,
  type ProblemBody,
  unavailable,
} from './errors/problem.js';
export { Answers, AnswersText } from './shapes/answers.js';
export { Body, type Fits, Param, QueryParams } from './shapes/params.js';
export {
  BooleanParam,
  Email,
  Instant,
  IntParam,
  IsoDate,
  ListParam,
  Page,
  PageQuery,
  Uuid,
} from './shapes/pieces.js';
export { invalid, SchemaPipe } from './shapes/schema.pipe.js';
export { AccessTokens } from './auth/access-tokens.js';
export {
  type AuthUser,
  CurrentUser,
  OptionalUser,
  Public,
  Roles,
  StepUp,
  VerifiedEmail,
} from './auth/decorators.js';
export { KeySource } from './auth/jwks.js';
export {
  After,
  Connection,
  type ConnectionPage,
  First,
  PageInfo,
  toConnection,
} from './graphql/connection.js';
export {
  Arg,
  BatchedEdge,
  Edge,
  Mutation,
  Parent,
  Query,
  Reference,
  Resolver,
} from './graphql/decorators.js';
export { type EntityRef, Foreign } from './graphql/entity.js';
export { formatProblem, type GraphqlAnswer, invalidDocument } from './graphql/errors.js';
export { type DocumentLimits, refuseCostlyDocument, refuseHugeText } from './graphql/limits.js';
export {
  ExternalId,
  ImportBatch,
  ImportResult,
  ImportResults,
  importedRow,
  MAX_IMPORT_ROWS,
  readRow,
  refusedRow,
  wrongField,
} from './import/import-batch.js';
export { etagOf, requireMatch, tagsMatch, withEtag } from './http/etag.js';
export { MAX_BODY_BYTES } from './http/http-server.js';
export { Idempotency, sealAnswer } from './http/idempotency.js';
export { callOut, noteAnswer, type OutgoingCall, spanOf } from './http/outgoing-call.js';
export { decodeCursor, encodeCursor, page, type PageOf } from './http/page.js';
export {
  addLogFields,
  currentRequest,
  outsideRequests,
  type RequestContext,
  tracingHeaders,
} from './http/request-context.js';
export { FilePart, Upload, type UploadedFile, type UploadRules } from './http/upload.js';
export { Wait, waitForChange, type WaitRequest } from './http/wait.js';
export { Clock, SystemClock } from './clock/clock.js';
export { inTrace, runJob, type TracedJobData } from './jobs/job-trace.js';
export { Jobs, SweepEvery } from './jobs/sweep.js';
export { Health } from './health/health.js';
export { Metrics } from './metrics/metrics.js';
export {
  Encryption,
  hashToken,
  hmac,
  type HmacAlgorithm,
  randomToken,
  sameSecret,
} from './crypto/encryption.js';
export { uuidOf } from './crypto/uuid-of.js';
export { uuidv7 } from './crypto/uuidv7.js';
export { DiskFileStore, FileStore, type StoredFile } from './files/file-store.js';
export { LOGGER, REDIS, type Redis, SERVICE } from './redis/redis.js';
export { PreparedStatement } from './database/prepared-statement.js';
