import { defineErrors, errorEntry, type ErrorEntry, serviceErrors } from '@roost/contracts';

/** The error codes that every service can return, sorted. */
const coreErrors = defineErrors({
  'account.suspended': errorEntry(
    403,
    'This account is suspended',
    'An administrator suspended the account that the access token belongs to.',
    'Contact the operator of the marketplace.',
  ),
  'auth.email_unverified': errorEntry(
    403,
    'The email address is not verified',
    'Booking, hosting and paying require a verified email address. According to the access token, it is not verified.',
    'Open the link in the verification email (request a new one with `POST /v1/auth/resend-verification`), then refresh the tokens: the new access token contains the changed claim.',
  ),
  'auth.forbidden': errorEntry(
    403,
    'Your role does not allow this',
    'The route requires a role that the access token does not contain.',
    'Log in with an account that has the role. After becoming a host, refresh the tokens: the new access token contains the new role.',
  ),
  'auth.invalid_token': errorEntry(
    401,
    'The access token is not valid',
    'The token is malformed or expired, its signing key is unknown, its algorithm is not RS256, or its issuer is not accepted.',
    'Refresh the token with `POST /v1/auth/refresh`, or log in again.',
  ),
  'auth.missing_token': errorEntry(
    401,
    'An access token is required',
    'The route requires authentication, and the request has no `Authorization: Bearer` header.',
    'Log in with `POST /v1/auth/login` and send the access token.',
  ),
  'auth.step_up_required': errorEntry(
    403,
    'Please confirm your identity',
    'This change requires that the user entered their password or code, or used a passkey, within the last five minutes.',
    'Call `POST /v1/auth/step-up`, or `POST /v1/auth/step-up/oidc` for a user without a password, authenticator and passkey, and repeat the request with the returned access token.',
  ),
  'dead_letter.not_found': errorEntry(
    404,
    'No such dead letter',
    'The service has no dead letter of an event with this id: it was handled or discarded meanwhile, or it belongs to another service.',
    'List the dead letters of the service with `GET /v1/admin/dead-letters?service=`.',
  ),
  'graphql.operation_unknown': errorEntry(
    404,
    'The persisted operation does not exist',
    'A GraphQL request contained only the hash of an operation, and the gateway has not stored its text. Operations are stored until they are unused for a week.',
    'Send the request again with both the hash and the text (`query`). Clients with automatic persisted queries do this automatically.',
  ),
  'idempotency.in_progress': errorEntry(
    409,
    'The first request with this key is still in progress',
    'A request with the same `Idempotency-Key` has not finished yet.',
    'Wait a moment and send the same request again. It returns the response of the first request.',
  ),
  'idempotency.key_reused': errorEntry(
    422,
    'This key was used for another request',
    'The `Idempotency-Key` was used for an earlier request with a different body.',
    'Use a new key for each new request. Use the same key only to repeat a request.',
  ),
  internal: errorEntry(
    500,
    'Something failed on our side',
    'An unexpected error occurred. It is logged with the `traceId` of this response.',
    'Try again later. If the error persists, send the `traceId` to the operator.',
  ),
  'job.not_failed': errorEntry(
    409,
    'The job has not failed',
    'Only a failed job can be retried or discarded. This one waits, runs or is delayed.',
    'Wait until it has finished. A job that has been completed is deleted.',
  ),
  'job.not_found': errorEntry(
    404,
    'No such job',
    'The queue of the service has no job with this id: it was completed or discarded, or it belongs to another service.',
    'List the failed jobs of the service with `GET /v1/admin/jobs?service=`.',
  ),
  'outbox.event_not_refused': errorEntry(
    404,
    'No such refused event',
    'The outbox of the service has no event with this id that the broker has refused and that waits for an operator.',
    'List the refused events of the service with `GET /v1/admin/outbox/refused?service=`.',
  ),
  'rate.limited': errorEntry(
    429,
    'Too many requests',
    'You sent more requests in this minute than the rate limit allows.',
    'Wait for the number of seconds in `Retry-After`.',
  ),
  'rate.too_many_waits': errorEntry(
    429,
    'Too many requests are waiting',
    'At most four requests with `Prefer: wait` can wait at the same time for one user.',
    'Wait until one of them finishes, or send the request without `Prefer: wait`.',
  ),
  'rate.too_many_streams': errorEntry(
    429,
    'Too many event streams are open',
    'At most four streams of `GET /v1/me/events` can be open at the same time for one user at each replica.',
    'Close a stream, or share one between the windows of the client.',
  ),
  'request.headers_too_large': errorEntry(
    431,
    'The headers are too large',
    'The headers of the request are larger than the limit of 16 KiB.',
    'Send fewer or shorter headers.',
  ),
  'request.invalid': errorEntry(
    400,
    'The request is malformed',
    'The body, the path or the query does not match the OpenAPI document. `errors` lists each invalid place.',
    'Correct the places in `errors`. Unknown fields are not allowed.',
  ),
  'request.precondition_failed': errorEntry(
    412,
    'The resource has changed since you read it',
    'The version in the `If-Match` header is not the current version.',
    'Read the resource again, apply your change to the current version, and send its `ETag`.',
  ),
  'request.timeout': errorEntry(
    408,
    'The request took too long to arrive',
    'The request did not arrive completely within the time limit.',
    'Send it again.',
  ),
  'request.too_large': errorEntry(
    413,
    'The request is too large',
    'The body is larger than the limit of this route.',
    'Send a smaller body: at most 1 MiB, photos at most 15 MB.',
  ),
  'request.unsupported_media_type': errorEntry(
    415,
    'The content type is not supported',
    'The route accepts `application/json` (uploads: `multipart/form-data`).',
    'Send the body in this format, with the matching `Content-Type` header.',
  ),
  'request.uri_too_long': errorEntry(
    414,
    'The URL is too long',
    'A segment of the path is longer than the limit.',
    'Check the URL of the request.',
  ),
  'route.method_not_allowed': errorEntry(
    405,
    'The method is not allowed for this path',
    'The path exists, but not with this method. `Allow` lists its methods.',
    'Use one of these methods. `/openapi.json` lists all routes.',
  ),
  'route.not_found': errorEntry(
    404,
    'The route does not exist',
    'No route matches the path and the method.',
    'Check the path. `/openapi.json` lists all routes.',
  ),
  'service.unavailable': errorEntry(
    503,
    'The service is temporarily unavailable',
    'A database or another service that this request requires does not respond at the moment.',
    'Wait for the number of seconds in `Retry-After` and try again. With an `Idempotency-Key`, it is safe to repeat a POST.',
  ),
  'storage.full': errorEntry(
    503,
    'Nothing can be stored at the moment',
    'A disk of the service is full. Nothing was changed, and reading continues to work.',
    'Wait for the number of seconds in `Retry-After` and try again. With an `Idempotency-Key`, it is safe to repeat a POST. Operators: free space on the disk of PostgreSQL and of `ROOST_DATA_DIR`; the service returns by itself.',
  ),
});

const entries = { ...coreErrors, ...serviceErrors };

/** Every error code of Roost, sorted. `npm run docs` generates `docs/errors/*.md` from it. */
export const catalogue = Object.fromEntries(
  Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)),
) as Readonly<Record<keyof typeof entries, ErrorEntry>>;

export type ErrorCode = keyof typeof catalogue;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(catalogue, code);
}
