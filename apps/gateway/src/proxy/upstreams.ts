import replyFrom from '@fastify/reply-from';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { noteAnswer, spanOf } from '@roost/http';
import { LOGGER, Problem, unavailable } from '@roost/platform';
import { formatTraceparent, type Span, Tracing } from '@roost/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import type { Route } from '../routes/route-table.js';

/** Longer than the longest wait of a long poll (`Prefer: wait=20`). */
const PATIENCE_MS = 30_000;
/** What only a proxy may say of a request, what only concerns this hop, and what is for nobody in here to believe. */
const NOT_PASSED_ON = /^(x-forwarded-.*|forwarded|x-real-ip|expect|baggage|tracestate)$/;

/** Streams a request to a service, and its answer back, unread. */
@Injectable()
export class Upstreams implements OnModuleInit {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly http: HttpAdapterHost,
    private readonly tracing: Tracing,
  ) {}

  onModuleInit(): void {
    void this.http.httpAdapter.getInstance<FastifyInstance>().register(replyFrom, {
      undici: {
        connections: 128,
        pipelining: 1,
        headersTimeout: PATIENCE_MS,
        bodyTimeout: PATIENCE_MS,
        connect: { timeout: 2_000 },
      },
      destroyAgent: true,
      disableRequestLogging: true,
    });
  }

  /**
   * Settles when the answer has begun; the query goes along as it was written. Rejects with 503 `service.unavailable`
   * when the service does not answer.
   */
  async pass(request: FastifyRequest, reply: FastifyReply, route: Route, url: string): Promise<void> {
    if (!this.tracing.on) return this.forward(request, reply, url, null);
    const { method } = request;
    const call = spanOf({ peer: route.service, method, url, route: route.path });
    const span = this.tracing.begin(`${method} ${route.path}`, call);
    try {
      await this.forward(request, reply, url, span);
      noteAnswer(this.tracing, span, reply.statusCode);
    } catch (error) {
      this.tracing.failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  private forward(
    request: FastifyRequest,
    reply: FastifyReply,
    url: string,
    span: Span | null,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      reply.from(url, {
        rewriteRequestHeaders: (_, headers) => headersFor(request, headers, span),
        // A kept connection that the service closed just now is no failure of a read; nothing else is tried again here.
        retryDelay: ({ err, attempt }) =>
          (err as { code?: string } | null)?.code === 'UND_ERR_SOCKET' && isRead(request) && attempt === 0
            ? 1
            : null,
        onResponse: (_, answered, response) => {
          answered.send(response.stream);
          resolve();
        },
        onError: (_, { error }) => reject(this.problemOf(error, new URL(url).origin)),
      });
    });
  }

  private problemOf(error: Error & { code?: string; cause?: unknown }, base: string): Problem {
    const cause = error.cause as (Error & { code?: string }) | undefined;
    if (cause instanceof Problem) return cause;
    this.logger.warn(
      { base, reason: cause?.code ?? error.code ?? error.message },
      'a service did not answer',
    );
    return unavailable('The service behind this route does not answer at the moment.');
  }
}

const isRead = (request: FastifyRequest): boolean => request.method === 'GET' || request.method === 'HEAD';

function headersFor(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  span: Span | null,
): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!NOT_PASSED_ON.test(name)) sent[name] = value;
  sent['x-forwarded-for'] = request.ip;
  sent['x-forwarded-proto'] = request.protocol;
  sent['x-forwarded-host'] = request.host;
  sent['x-request-id'] = request.roost.requestId;
  sent.traceparent = span ? formatTraceparent(span.spanContext()) : request.roost.traceparent;
  if (request.roost.tracestate) sent.tracestate = request.roost.tracestate;
  return sent;
}
