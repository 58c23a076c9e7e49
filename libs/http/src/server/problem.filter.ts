import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { asProblem, loggable, type ErrorCode, Problem } from '@roost/platform';
import { Replay } from '../idempotency/idempotency-keys.js';

/** Every error leaves as problem+json, or as the first answer to an idempotency key. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly publicUrl: string,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType<string>() !== 'http') throw error;
    const http = host.switchToHttp();
    return this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (reply.sent || reply.raw.headersSent) {
      this.logger.error(
        { err: loggable(error), requestId: request.roost?.requestId },
        'failed after the answer began',
      );
      reply.raw.destroy();
      return undefined;
    }
    if (error instanceof Replay) return replay(error, request, reply);
    const problem = toProblem(error);
    const context = request.roost;
    if (context) context.log.code = problem.code;
    if (problem.status >= 500) {
      const level = problem.status === 503 ? 'warn' : 'error';
      this.logger[level](
        {
          err: loggable(error),
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

function replay({ status, body }: Replay, request: FastifyRequest, reply: FastifyReply): FastifyReply {
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
  503: 'service.unavailable',
};

/** What frameworks throw, in our words: their texts may echo what was sent. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? BY_FASTIFY_CODE[code] : undefined;
  if (known) return new Problem(known);
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
