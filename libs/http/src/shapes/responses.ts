import type { Readable } from 'node:stream';
import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import { ApiExtension, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { catalogue, type ErrorCode } from '@roost/platform';

export const EVENT_STREAM = 'text/event-stream';

type Returning<T> = <F extends (...args: never[]) => T | Promise<T>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

/**
 * The response of a route: its status, its schema (the compiler checks the return type of the method against it) and the
 * error codes that it can return. Without a schema, the response has no body.
 */
export function RespondsWith<S extends z.ZodType>(
  status: number,
  schema: S,
  ...codes: ErrorCode[]
): Returning<z.output<S>>;
export function RespondsWith(status: number, ...codes: ErrorCode[]): Returning<unknown>;
export function RespondsWith(
  status: number,
  first?: z.ZodType | ErrorCode,
  ...rest: ErrorCode[]
): Returning<never> {
  const schema = typeof first === 'string' ? undefined : first;
  const codes = typeof first === 'string' ? [first, ...rest] : rest;
  return applyDecorators(
    HttpCode(status),
    ApiResponse(
      schema
        ? { status, standardSchema: schema, description: 'Success.' }
        : { status, description: 'Success. The response has no body.' },
    ),
    ...problems(codes),
  ) as Returning<never>;
}

/** The response of a route that returns text of a media type, such as `text/calendar`. */
export function RespondsWithText(mediaType: string, ...codes: ErrorCode[]): Returning<string> {
  return applyDecorators(
    HttpCode(200),
    Header('content-type', `${mediaType}; charset=utf-8`),
    ApiResponse({
      status: 200,
      description: 'Success.',
      content: { [mediaType]: { schema: { type: 'string' } } },
    }),
    ...problems(codes),
  ) as Returning<string>;
}

/**
 * The response of a route that sends server-sent events of these types until its client, its session or the service ends.
 * OpenAPI before 3.2 has no schema for a stream: as in other documents, the schema is that of one event.
 */
export function RespondsWithEvents(types: readonly string[], ...codes: ErrorCode[]): Returning<Readable> {
  return applyDecorators(
    HttpCode(200),
    Header('content-type', EVENT_STREAM),
    Header('cache-control', 'no-store'),
    // For reverse proxies that would collect a response before they pass it on.
    Header('x-accel-buffering', 'no'),
    ApiResponse({
      status: 200,
      description: 'Success. The response does not end by itself.',
      content: {
        [EVENT_STREAM]: {
          schema: {
            description: 'One event of the stream.',
            type: 'object',
            required: ['event', 'id', 'data'],
            properties: {
              event: { type: 'string', enum: [...types] },
              id: { type: 'string', description: 'The client sends the last one as `Last-Event-ID`.' },
              data: { type: 'string', description: 'A JSON object.' },
            },
          },
        },
      },
    }),
    ...problems(codes),
  ) as Returning<Readable>;
}

/** The OpenAPI extension that names the second media type of a response until `createDocument` adds it. */
export const ALTERNATIVE_EXTENSION = 'x-roost-alternative';

/** The response of a route that returns JSON or text of a media type, by the `Accept` header of the request. */
export function RespondsWithJsonOr<S extends z.ZodType>(
  mediaType: string,
  schema: S,
  ...codes: ErrorCode[]
): Returning<z.output<S> | string> {
  return applyDecorators(
    RespondsWith(200, schema, ...codes) as MethodDecorator,
    ApiExtension(ALTERNATIVE_EXTENSION, mediaType),
  ) as Returning<z.output<S> | string>;
}

/** The response of a route that returns a file of one of these media types, such as `image/jpeg`. It never runs as a page. */
export function RespondsWithFile(mediaTypes: readonly string[], ...codes: ErrorCode[]): MethodDecorator {
  const content = { schema: { type: 'string', format: 'binary' } };
  return applyDecorators(
    HttpCode(200),
    Header('x-content-type-options', 'nosniff'),
    Header('content-security-policy', "default-src 'none'; sandbox"),
    ApiResponse({
      status: 200,
      description: 'Success.',
      content: Object.fromEntries(mediaTypes.map((type) => [type, content])),
    }),
    ...problems(codes),
  );
}

/** The OpenAPI extension of a route whose response the gateway joins from all services. */
export const JOINED_EXTENSION = 'x-roost-joined';

/**
 * The response of a route whose JSON the gateway joins: each service responds to the same path with its part, a stream of a
 * JSON object, and the client receives `{"<service>": <part>, …}`. One service documents the route; its headers are used.
 */
export function RespondsWithJoinedJson(...codes: ErrorCode[]): Returning<Readable> {
  return applyDecorators(
    HttpCode(200),
    Header('content-type', 'application/json; charset=utf-8'),
    Header('cache-control', 'no-store'),
    ApiExtension(JOINED_EXTENSION, true),
    ApiResponse({
      status: 200,
      description: 'Success. An object with a part for each service.',
      content: {
        'application/json': { schema: { type: 'object', additionalProperties: { type: 'object' } } },
      },
    }),
    ...problems(codes),
  ) as Returning<Readable>;
}

/**
 * The title of the route in the OpenAPI document. The id of the operation is made from controller and method: a controller
 * that several services have names its own.
 */
export const Summary = (summary: string, operationId?: string): MethodDecorator =>
  ApiOperation({ summary, ...(operationId === undefined ? {} : { operationId }) });

/** The OpenAPI extension that marks a conditional GET until `createDocument` converts it to a header and a 304. */
export const ETAG_EXTENSION = 'x-roost-etag';

/** The response of this GET has an `ETag` (`withEtag`): it returns 304 if `If-None-Match` contains that tag. */
export const HasEtag = (): MethodDecorator => ApiExtension(ETAG_EXTENSION, true);

function problems(codes: readonly ErrorCode[]): MethodDecorator[] {
  const byStatus = Map.groupBy(new Set(codes), (code) => catalogue[code].status);
  return [...byStatus].map(([status, same]) =>
    ApiResponse({
      status,
      description: same.map((code) => `\`${code}\`: ${catalogue[code].title}`).join('. '),
      content: { 'application/problem+json': { schema: problemSchema(same) } },
    }),
  );
}

export const problemSchema = (codes: readonly string[]) => ({
  allOf: [
    { $ref: '#/components/schemas/Problem' },
    { type: 'object' as const, properties: { code: { type: 'string' as const, enum: [...codes] } } },
  ],
});
