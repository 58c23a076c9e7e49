import { catalogue, type ErrorCode } from '@roost/platform';
import {
  ACCESS_EXTENSION,
  ROLES_EXTENSION,
  STEP_UP_EXTENSION,
  VERIFIED_EMAIL_EXTENSION,
} from '../auth/decorators.js';
import { WITHOUT_IDEMPOTENCY_KEY } from '../idempotency/excluded-paths.js';
import { ALTERNATIVE_EXTENSION, ETAG_EXTENSION, problemSchema } from '../shapes/responses.js';

export interface DocumentedOperation {
  security?: object[];
  parameters?: { name: string; in: string }[];
  requestBody?: { required?: boolean; content: Record<string, { schema?: { default?: unknown } }> };
  responses: Record<string, unknown>;
  [extension: `x-${string}`]: unknown;
}

/** Any request can end in one of these, whatever its route. */
const ALWAYS: readonly ErrorCode[] = [
  'request.invalid',
  'request.timeout',
  'request.too_large',
  'request.headers_too_large',
  'route.method_not_allowed',
  'internal',
  'service.unavailable',
];

const EXTENSIONS = [ACCESS_EXTENSION, ROLES_EXTENSION, VERIFIED_EMAIL_EXTENSION, STEP_UP_EXTENSION] as const;

/** The gateway does not limit the rate of these. */
const UNLIMITED = /^\/v1\/webhooks\//;

/** Adds what follows from conventions: security, common problems, and the headers of retries and conditional reads. */
export function complete(operation: DocumentedOperation, method: string, path: string): void {
  const access = operation[ACCESS_EXTENSION];
  operation.security =
    access === 'public' ? [] : access === 'optional' ? [{}, { accessToken: [] }] : [{ accessToken: [] }];
  const codes = [...ALWAYS, ...accessCodes(operation)];
  if (!UNLIMITED.test(path)) codes.push('rate.limited');
  if (path.includes('{')) codes.push('route.not_found', 'request.uri_too_long');
  if (method !== 'get') codes.push('request.unsupported_media_type', 'storage.full');
  if (method === 'post' && access === undefined && !WITHOUT_IDEMPOTENCY_KEY.test(path)) {
    codes.push('idempotency.in_progress', 'idempotency.key_reused');
    operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
  }
  markOptionalBody(operation);
  addAlternative(operation);
  if (operation[ETAG_EXTENSION]) addConditionalRead(operation);
  for (const code of codes) addProblem(operation, code);
}

/** A body whose schema has a default may be omitted. */
function markOptionalBody({ requestBody }: DocumentedOperation): void {
  if (!requestBody) return;
  const schemas = Object.values(requestBody.content).map(({ schema }) => schema);
  if (schemas.every((schema) => schema?.default !== undefined)) requestBody.required = false;
}

/** The second media type of the response. */
function addAlternative(operation: DocumentedOperation): void {
  const mediaType = operation[ALTERNATIVE_EXTENSION];
  delete operation[ALTERNATIVE_EXTENSION];
  if (typeof mediaType !== 'string') return;
  const { content } = operation.responses[200] as { content: Record<string, unknown> };
  content[mediaType] = { schema: { type: 'string' } };
}

function addConditionalRead(operation: DocumentedOperation): void {
  delete operation[ETAG_EXTENSION];
  operation.parameters = [...(operation.parameters ?? []), IF_NONE_MATCH];
  operation.responses[200] = { ...(operation.responses[200] as object), headers: { ETag: ETAG } };
  operation.responses[304] = {
    description: 'Not modified: `If-None-Match` contains the current `ETag`. The response has no body.',
    headers: { ETag: ETAG },
  };
}

/** The codes of `AccessGuard`. Removes the extensions that its decorators add. */
function accessCodes(operation: DocumentedOperation): ErrorCode[] {
  const codes: ErrorCode[] = [];
  // A session that a suspension has ended is rejected with a code of its own.
  if (operation[ACCESS_EXTENSION] !== 'public')
    codes.push('auth.missing_token', 'auth.invalid_token', 'account.suspended');
  if (operation[ROLES_EXTENSION]) codes.push('auth.forbidden');
  if (operation[VERIFIED_EMAIL_EXTENSION]) codes.push('auth.email_unverified');
  if (operation[STEP_UP_EXTENSION]) codes.push('auth.step_up_required');
  for (const extension of EXTENSIONS) delete operation[extension];
  return codes;
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description:
    'A unique key that makes it safe to repeat the request. For 24 hours, requests with the same key return the response of the first request.',
};

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  schema: { type: 'string' },
  description:
    'Values of `ETag` from earlier responses. If the current one is among them, the response is 304.',
};

const ETAG = { description: 'The version of the response.', schema: { type: 'string' } };

interface ProblemResponse {
  description: string;
  content?: Record<
    string,
    { schema?: { allOf?: [unknown, { properties?: { code?: { enum?: string[] } } }] } }
  >;
}

function addProblem(operation: DocumentedOperation, code: ErrorCode): void {
  const { status, title } = catalogue[code];
  const text = `\`${code}\`: ${title}`;
  const existing = operation.responses[status] as ProblemResponse | undefined;
  const codes =
    existing?.content?.['application/problem+json']?.schema?.allOf?.[1].properties?.code?.enum ?? [];
  if (codes.includes(code)) return;
  operation.responses[status] = {
    description: existing ? `${existing.description}. ${text}` : text,
    content: { 'application/problem+json': { schema: problemSchema([...codes, code]) } },
  };
}
