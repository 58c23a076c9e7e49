export { AccessTokens, type EndOfSession } from './auth/access-tokens.js';
export { AccessGuard } from './auth/access.guard.js';
export {
  CurrentUser,
  OptionalUser,
  Public,
  Roles,
  StepUp,
  VerifiedEmail,
  INHERITS_ACCESS,
} from './auth/decorators.js';
export { KeySource } from './auth/key-source.js';
export type { AuthUser } from './context/auth-user.js';
export { ClockController } from './clock/clock.controller.js';
export { tracedFetch, type OutgoingCall, outgoingSpan, recordStatus } from './context/outgoing-call.js';
export { addLogFields, currentRequest, type RequestContext } from './context/request-context.js';
export { IdempotencyKeys, ReplayedResponse } from './idempotency/idempotency-keys.js';
export { Idempotency, encryptStoredResponse } from './idempotency/idempotency.js';
export { ContactMasking } from './import/contact-masking.js';
export {
  ExternalId,
  ImportBatch,
  ImportResult,
  ImportResults,
  importedRow,
  parseRow,
  rejectedRow,
  invalidRowField,
} from './import/import-batch.js';
export { createDocument } from './openapi/document.js';
export { acceptedLanguages } from './requests/accepted-languages.js';
export { etagOf, requireMatch, withEtag } from './requests/etag.js';
export { preferredMediaType } from './requests/media-type.js';
export { decodeCursor, encodeCursor, page, type PageOf, cursorAt } from './requests/page.js';
export { endOfClient, endOfRequest } from './requests/request-end.js';
export { UserSlots } from './requests/user-slots.js';
export { Wait, waitForChange, type WaitRequest, waitSeconds } from './requests/wait.js';
export { clientNetwork } from './server/client-network.js';
export { createHttpServer, type HttpOptions, MAX_BODY_BYTES } from './server/http-server.js';
export { RateLimit, RateLimitConfig, RateLimits } from './server/rate-limits.js';
export { serveMetrics, serveOperations } from './server/operations.js';
export { toProblem, ProblemFilter } from './server/problem-filter.js';
export {
  EVENT_STREAM,
  HasEtag,
  JOINED_EXTENSION,
  RespondsWith,
  RespondsWithEvents,
  RespondsWithFile,
  RespondsWithJoinedJson,
  RespondsWithJsonOr,
  RespondsWithText,
  Summary,
} from './shapes/responses.js';
export { Body, type Fits, Param, QueryParams } from './shapes/params.js';
export { documentedNumber, FilterText, Instant, IsoDate, Page, PageQuery, Uuid } from './shapes/common.js';
export { ContactKindName } from './shapes/contact-kind.js';
export { Email } from './shapes/email.js';
export { PlainText, RequiredText } from './shapes/plain-text.js';
export { invalidRequest } from './shapes/schema-pipe.js';
export {
  hasHiddenCharacters,
  hasVisibleText,
  INVISIBLE_TEXT,
  LINES,
  LINES_WITH_CR,
  ONE_LINE,
} from './shapes/visible-text.js';
export type { UploadedFile, UploadRules } from './uploads/upload-rules.js';
export { FilePart, Upload } from './uploads/upload.js';
export { contentSecurityPolicy } from './server/page-policy.js';
