import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ACCESS_EXTENSION } from '../auth/decorators.js';
import { catalogue, type ErrorCode } from '@roost/platform';
import { problemSchema } from '../shapes/responses.js';
import { zodToOpenApi } from './schemas.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

interface Operation {
  security?: object[];
  parameters?: { name: string; in: string }[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
  [extension: `x-${string}`]: unknown;
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'traceId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail'],
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer into the body.' },
          parameter: { type: 'string', description: 'The name of a path or query parameter.' },
          header: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
} as const;

/** The OpenAPI document of one service, generated from its controllers and their schemas. */
export function createDocument(
  app: INestApplication,
  definition: { name: string; description: string },
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(`Roost ${definition.name}`)
    .setDescription(definition.description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'accessToken')
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: zodToOpenApi });
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM as never };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = (item as Record<string, unknown>)[method] as Operation | undefined;
      if (operation) complete(operation, method, path);
    }
  }
  return document;
}

/** Adds what follows from conventions: security, common problems and the `Idempotency-Key` header. */
function complete(operation: Operation, method: string, path: string): void {
  const access = operation[ACCESS_EXTENSION];
  delete operation[ACCESS_EXTENSION];
  operation.security =
    access === 'public' ? [] : access === 'optional' ? [{}, { accessToken: [] }] : [{ accessToken: [] }];
  const codes: ErrorCode[] = ['request.invalid', 'service.unavailable'];
  if (method !== 'get') codes.push('storage.full');
  if (access !== 'public') codes.push('auth.missing_token', 'auth.invalid_token');
  if (operation.requestBody) codes.push('request.too_large', 'request.unsupported_media_type');
  if (method === 'post' && access === undefined && !/^\/v1\/(?:auth|me\/mfa)(?:\/|$)/.test(path)) {
    codes.push('idempotency.in_progress', 'idempotency.key_reused');
    operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
  }
  for (const code of codes) addProblem(operation, code);
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description:
    'A unique key that makes it safe to repeat the request. For 24 hours, requests with the same key return the response of the first request.',
};

interface ProblemResponse {
  description: string;
  content?: Record<
    string,
    { schema?: { allOf?: [unknown, { properties?: { code?: { enum?: string[] } } }] } }
  >;
}

function addProblem(operation: Operation, code: ErrorCode): void {
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
