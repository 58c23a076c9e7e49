import { defineErrors, errorEntry, type ErrorEntry, serviceErrors } from '@roost/contracts';

/** The error codes that every service can answer with; sorted. */
const coreErrors = defineErrors({
  'account.suspended': errorEntry(
    403,
    'This account is suspended',
    'An administrator suspended the account that the access token belongs to.',
    'Ask the operator of the marketplace why, and to reinstate the account.',
  ),
  'auth.email_unverified': errorEntry(
    403,
    'The mail address is not verified',
    'Booking, hosting and paying need a verified mail address, and the access token says that it is not.',
    'Follow the link in the verification mail (or ask for another one with `POST /v1/auth/resend-verification`), then refresh the tokens: the new access token carries the new claim.',
  ),
  'auth.forbidden': errorEntry(
    403,
    'Your role does not allow this',
    'The route needs a role that the access token does not carry.',
    'Sign in with an account that has the role. After becoming a host, refresh the tokens first: the new access token carries the new role.',
  ),
  'auth.invalid_token': errorEntry(
    401,
    'The access token is not valid',
    'The token is malformed, expired, signed by an unknown key or by another algorithm than RS256, or comes from another issuer.',
    'Get a new one with `POST /v1/auth/refresh` or by logging in.',
  ),
  'auth.missing_token': errorEntry(
    401,
    'An access token is needed',
    'The route is for signed-in users and the request has no `Authorization: Bearer` header.',
    'Log in with `POST /v1/auth/login` and send the access token.',
  ),
  'auth.step_up_required': errorEntry(
    403,
    'Please confirm that it is you',
    'This change needs a password or code that is at most five minutes old.',
    'Call `POST /v1/auth/step-up` and repeat the request with the access token it returns.',
  ),
  'graphql.operation_unknown': errorEntry(
    404,
    'No such persisted operation',
    'A GraphQL request named an operation by its hash only, and the gateway has not seen its text, or not for a week.',
    'Send the request again with both the hash and the text (`query`), as clients with automatic persisted queries do by themselves.',
  ),
  'idempotency.in_progress': errorEntry(
    409,
    'The first request with this key is still running',
    'A request with the same `Idempotency-Key` has not been answered yet.',
    'Wait a moment and send the same request again: it gets the first answer.',
  ),
  'idempotency.key_reused': errorEntry(
    422,
    'This key was used for another request',
    'The `Idempotency-Key` belongs to an earlier request with another body.',
    'Use a new key for each new request, and the same key only to repeat one.',
  ),
  internal: errorEntry(
    500,
    'Something failed on our side',
    'An error that nobody foresaw. It has been logged with the `traceId` of this answer.',
    'Try again later; tell the operator the `traceId` if it stays.',
  ),
  'rate.limited': errorEntry(
    429,
    'Too many requests',
    'More requests came from you in this minute than are allowed.',
    'Wait as long as `Retry-After` says.',
  ),
  'rate.too_many_waits': errorEntry(
    429,
    'Too many requests are waiting',
    'At most four requests with `Prefer: wait` may wait at a time for one user.',
    'Let one of them finish, or ask without `Prefer: wait`.',
  ),
  'request.invalid': errorEntry(
    400,
    'The request is malformed',
    'Something in the body, the path or the query is not as the OpenAPI document says; `errors` points at each place.',
    'Mend what `errors` names. Unknown fields are refused, too.',
  ),
  'request.precondition_failed': errorEntry(
    412,
    'It has changed since you read it',
    'The `If-Match` header carries another version than the present one: somebody else changed it.',
    'Read it again, apply your change to what you find, and send the new `ETag`.',
  ),
  'request.timeout': errorEntry(
    408,
    'The request took too long to arrive',
    'The connection delivered the request too slowly.',
    'Send it again.',
  ),
  'request.too_large': errorEntry(
    413,
    'The request is too large',
    'The body is larger than this route accepts.',
    'Send less: bodies may have 1 MiB, photos 15 MB.',
  ),
  'request.unsupported_media_type': errorEntry(
    415,
    'This content type is not accepted',
    'The route reads `application/json` (uploads: `multipart/form-data`).',
    'Send the body as such and say so in `Content-Type`.',
  ),
  'request.uri_too_long': errorEntry(
    414,
    'The address is too long',
    'A part of the path is longer than any id or name can be.',
    'Check how the address is put together.',
  ),
  'route.method_not_allowed': errorEntry(
    405,
    'This method is not offered here',
    'The path exists with other methods; `Allow` lists them.',
    'Use one of them; `/openapi.json` lists all routes.',
  ),
  'route.not_found': errorEntry(
    404,
    'No such route',
    'Nothing is served at this path with this method.',
    'Check the path; `/openapi.json` lists all routes.',
  ),
  'service.unavailable': errorEntry(
    503,
    'A part of the service is not available',
    'A database or another part that this request needs does not answer at the moment.',
    'Wait as long as `Retry-After` says and try again; with an `Idempotency-Key` that is safe for POST, too.',
  ),
});

const entries = { ...coreErrors, ...serviceErrors };

/** Every error code of the suite, sorted. `docs/errors/*.md` is generated from it. */
export const catalogue = Object.fromEntries(
  Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)),
) as Readonly<Record<keyof typeof entries, ErrorEntry>>;

export type ErrorCode = keyof typeof catalogue;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(catalogue, code);
}
