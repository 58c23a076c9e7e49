import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { asProblem, type ErrorCode, Problem } from '@roost/platform';
import { ReplayedResponse } from '../idempotency/idempotency-keys.js';

/** Sends every error as problem+json, and replays stored responses of idempotency keys. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly publicUrl: string,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType<string>() !== 'http') throw error;
    const http = host.switchToHttp();
    return this.respond(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  respond(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (reply.sent || reply.raw.headersSent) {
      this.logger.error(
        { err: error, requestId: request.roost?.requestId },
        'request failed after the response had started',
      );
      reply.raw.destroy();
      return undefined;
    }
    if (error instanceof ReplayedResponse) return replay(error, request, reply);
    const problem = toProblem(error);
    const context = request.roost;
    if (context) context.log.code = problem.code;
    if (problem.status >= 500) {
      const level = problem.status === 503 ? 'warn' : 'error';
      this.logger[level](
        {
          err: error,
          requestId: context?.requestId,
          traceId: context?.traceId,
          code: problem.code,
        },
        'request failed',
      );
    }
    const body = problem.toBody({
      publicUrl: this.publicUrl,
      instance: request.url.split('?', 1)[0] ?? '/',
      traceId: context?.traceId ?? '',
    });
    if (context) context.etag = null;
    return reply
      .status(problem.status)
      .headers({
        ...problem.headers,
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
      })
      .send(JSON.stringify(body));
  }
}

function replay(
  { status, body }: ReplayedResponse,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  request.roost.log.replayed = true;
  reply.status(status).header('idempotent-replayed', 'true');
  if (body === null) return reply.send();
  return reply
    .header('content-type', status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8')
    .send(body);
}

const BY_FASTIFY_CODE: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_REQ_FILE_TOO_LARGE: 'request.too_large',
  FST_PARTS_LIMIT: 'request.too_large',
  FST_FILES_LIMIT: 'request.too_large',
  FST_FIELDS_LIMIT: 'request.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_media_type',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'request.unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'request.uri_too_long',
};

const BY_STATUS: Record<number, ErrorCode> = {
  401: 'auth.invalid_token',
  403: 'auth.forbidden',
  404: 'route.not_found',
  405: 'route.method_not_allowed',
  408: 'request.timeout',
  412: 'request.precondition_failed',
  413: 'request.too_large',
  414: 'request.uri_too_long',
  415: 'request.unsupported_media_type',
  429: 'rate.limited',
  431: 'request.headers_too_large',
  503: 'service.unavailable',
};

/** The problem of any error. Texts of frameworks are replaced: they may contain the input. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const byCode = typeof code === 'string' ? BY_FASTIFY_CODE[code] : undefined;
  if (byCode) return new Problem(byCode);
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  if (typeof status === 'number' && status >= 400 && status !== 500) {
    const byStatus = BY_STATUS[status];
    if (byStatus === 'service.unavailable')
      return new Problem(byStatus, undefined, {}, { 'retry-after': '2' });
    if (byStatus) return new Problem(byStatus);
    if (status < 500) return new Problem('request.invalid');
  }
  return asProblem(error);
}
