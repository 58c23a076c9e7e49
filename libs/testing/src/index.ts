export { migratedDatabase } from './migrated-database.js';
export { freshRole, type FreshRole } from './fresh-role.js';
export { expectProblem, type GraphqlResponse, TestClient, type TestResponse } from './client.js';
export { Collector } from './collector.js';
export type { CollectedSpan } from './otlp-message.js';
export { pythonPrograms } from './python-programs.js';
export { describeWith, describeWithFile } from './describe-with.js';
export { goFile, goProgram } from './go-program.js';
export { S3Server } from './s3-server.js';
export { inLanes } from './in-lanes.js';
export { eventually } from './eventually.js';
export { type ServerSentEvent, TestEventStream } from './event-stream.js';
export { fillDisk } from './full-disk.js';
export { expectGolden, golden, optionalFields, goldenDifferences } from './golden.js';
export { runsAllFaults, freshKafka, TestBroker } from './faults.js';
export {
  KillableProcess,
  type KillableProcessOptions,
  sourceOptions,
  type StartMessage,
} from './killable-process.js';
export { largestSortRows, queryPlans, type Statement, captureStatements } from './statements.js';
export { OPERATIONS_ROUTES } from './operations-routes.js';
export { pngDeclaring } from './png-declaring.js';
export { aPublishedListing } from './published-listing.js';
export { reservePort, freshDatabase, freshRedis, randomSuffix, runFolder, testServers } from './parts.js';
export {
  startTestService,
  TestClock,
  TestService,
  type DeliverOptions,
  type TestServiceOptions,
} from './test-service.js';
export { testUser, ISSUER, signToken, testJwksUrl, type TestUser, type UserOptions } from './user.js';
export { TestProxy } from './test-proxy.js';
