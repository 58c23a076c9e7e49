import replyFrom from '@fastify/reply-from';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LOGGER, Problem, unavailable } from '@roost/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';

/** Longer than the longest wait of a long poll (`Prefer: wait=20`). */
const PATIENCE_MS = 30_000;
/** What only a proxy may say of a request, and what only concerns this hop. */
const NOT_PASSED_ON = /^(x-forwarded-.*|forwarded|x-real-ip|expect)$/;

/** Streams a request to a service, and its answer back, unread. */
@Injectable()
export class Upstreams implements OnModuleInit {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly http: HttpAdapterHost,
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
  pass(request: FastifyRequest, reply: FastifyReply, base: string, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      reply.from(base + path, {
        rewriteRequestHeaders: (_, headers) => headersFor(request, headers),
        // A kept connection that the service closed just now is no failure of a read; nothing else is tried again here.
        retryDelay: ({ err, attempt }) =>
          (err as { code?: string } | null)?.code === 'UND_ERR_SOCKET' && isRead(request) && attempt === 0
            ? 1
            : null,
        onResponse: (_, answered, response) => {
          answered.send(response.stream);
          resolve();
        },
        onError: (_, { error }) => reject(this.problemOf(error, base)),
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

function headersFor(request: FastifyRequest, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!NOT_PASSED_ON.test(name)) sent[name] = value;
  sent['x-forwarded-for'] = request.ip;
  sent['x-forwarded-proto'] = request.protocol;
  sent['x-forwarded-host'] = request.host;
  sent['x-request-id'] = request.roost.requestId;
  sent.traceparent = request.roost.traceparent;
  return sent;
}
