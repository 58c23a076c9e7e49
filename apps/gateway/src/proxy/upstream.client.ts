import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import replyFrom from '@fastify/reply-from';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  currentRequest,
  endOfClient,
  endOfRequest,
  EVENT_STREAM,
  outgoingSpan,
  recordStatus,
} from '@roost/http';
import { LOGGER, Problem, unavailable } from '@roost/platform';
import { formatTraceparent, type Span, Tracing } from '@roost/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import { Agent, type Dispatcher } from 'undici';
import type { Route } from '../routes/route-table.js';

/** Longer than the longest long poll (`Prefer: wait=20`). */
const TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 2_000;
/**
 * Delays before each retry of a read that had no response. A replica that stops or dies leaves closed connections in the pool,
 * and a load balancer may still route new ones to it. Writes are not retried: the service may have begun them.
 */
const RETRY_DELAYS_MS = [1, 30, 150];
const NO_RESPONSE: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_SOCKET',
  'ECONNREFUSED',
  'ECONNRESET',
]);
const AGENT_OPTIONS = {
  pipelining: 1,
  headersTimeout: TIMEOUT_MS,
  bodyTimeout: TIMEOUT_MS,
  connect: { timeout: CONNECT_TIMEOUT_MS },
};
/** Request headers that are not forwarded: set by a proxy only, valid for one hop, or not trusted from clients. */
const DROPPED_HEADERS = /^(x-forwarded-.*|forwarded|x-real-ip|expect|baggage|tracestate)$/;

/** Response headers that are valid for one connection. */
const OF_ONE_HOP = /^(connection|keep-alive|transfer-encoding)$/;

/** Streams requests to services and their responses back. */
@Injectable()
export class UpstreamClient implements OnModuleInit, OnApplicationShutdown {
  private readonly requests = new Agent({ ...AGENT_OPTIONS, connections: 128 });
  /** Not in the pool of the requests: open streams would occupy its connections. */
  private readonly streams = new Agent({ ...AGENT_OPTIONS, connections: null });

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly http: HttpAdapterHost,
    private readonly tracing: Tracing,
  ) {}

  onModuleInit(): void {
    void this.http.httpAdapter.getInstance<FastifyInstance>().register(replyFrom, {
      undici: { request: this.request as Dispatcher['request'] },
      disableRequestLogging: true,
    });
  }

  /**
   * Forwards a request with its query unchanged. Resolves when the response starts. Rejects with 503
   * `service.unavailable` if the service does not respond.
   */
  async forward(request: FastifyRequest, reply: FastifyReply, route: Route, url: string): Promise<void> {
    if (route.events) return this.follow(request, reply, url);
    if (!this.tracing.enabled) return this.stream(request, reply, url, null);
    const { method } = request;
    const call = outgoingSpan({ peer: route.service, method, url, route: route.path });
    const span = this.tracing.startSpan(`${method} ${route.path}`, call);
    try {
      await this.stream(request, reply, url, span);
      recordStatus(this.tracing, span, reply.statusCode);
    } catch (error) {
      this.tracing.recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** An upload ends when its client disconnects: the service does not decode the file then. */
  private readonly request = (
    options: Dispatcher.RequestOptions,
    callback: (error: Error | null, response: Dispatcher.ResponseData) => void,
  ): void => {
    const request = currentRequest()?.request;
    const isUpload = request?.headers['content-type']?.startsWith('multipart/') ?? false;
    const signal = request && isUpload ? endOfClient(request) : null;
    this.requests.request({ ...options, signal }, callback);
  };

  private stream(
    request: FastifyRequest,
    reply: FastifyReply,
    url: string,
    span: Span | null,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      reply.from(url, {
        rewriteRequestHeaders: (_, headers) => headersFor(request, headers, span),
        retryDelay: ({ err, attempt }) =>
          isRead(request) && NO_RESPONSE.has((err as { code?: string } | null)?.code)
            ? (RETRY_DELAYS_MS[attempt] ?? null)
            : null,
        onResponse: (_, clientReply, response) => {
          clientReply.send(response.stream);
          resolve();
        },
        onError: (_, { error }) => reject(this.problemOf(error, new URL(url).origin)),
      });
    });
  }

  /** Passes a stream of events on until the client disconnects, the service ends it or the gateway stops. */
  private async follow(request: FastifyRequest, reply: FastifyReply, url: string): Promise<void> {
    const signal = endOfRequest(request);
    const response = await this.openStream(request, url, signal);
    // The client has disconnected, or the gateway stops: a client that still waits connects again.
    if (!response) return void (await reply.type(EVENT_STREAM).header('cache-control', 'no-store').send(''));
    copyHead(response, reply);
    await reply.send(closing([response], this.chunksOf(response.body, new URL(url).origin, signal)));
  }

  /**
   * Sends a read to all services and joins their JSON to `{"<service>": …}`. The head is that of the first service. A response
   * other than 200 is passed on alone. If a service fails later, the connection is closed before the end.
   */
  async join(request: FastifyRequest, reply: FastifyReply, urls: ReadonlyMap<string, string>): Promise<void> {
    const signal = endOfRequest(request);
    const parts = new Map<string, Dispatcher.ResponseData>();
    try {
      for (const [service, url] of urls) {
        const response = await this.openStream(request, url, signal);
        if (!response) {
          if (!request.raw.socket.destroyed) throw unavailable('The gateway stops.');
          // The client has disconnected.
          discardAll(parts.values());
          return void (await reply.send(''));
        }
        if (response.statusCode !== 200) {
          discardAll(parts.values());
          copyHead(response, reply);
          return void (await reply.send(closing([response], response.body)));
        }
        parts.set(service, response);
      }
    } catch (error) {
      discardAll(parts.values());
      throw error;
    }
    const responses = [...parts.values()];
    if (responses[0]) copyHead(responses[0], reply);
    reply.removeHeader('content-length');
    await reply.send(closing(responses, joinedJson(parts)));
  }

  /** Null if the signal is aborted first. Retries as reads do. */
  private async openStream(
    request: FastifyRequest,
    url: string,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData | null> {
    const { origin, pathname } = new URL(url);
    const { authorization, accept, 'last-event-id': lastEventId } = request.headers;
    const method = request.method as 'GET' | 'HEAD';
    const headers = headersFor(request, { authorization, accept, 'last-event-id': lastEventId }, null);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.streams.request({ origin, path: pathname, method, headers, signal });
      } catch (error) {
        if (signal.aborted) return null;
        const pause = NO_RESPONSE.has((error as { code?: string }).code)
          ? RETRY_DELAYS_MS[attempt]
          : undefined;
        if (pause === undefined) throw this.problemOf(error as Error, origin);
        await delay(pause);
      }
    }
  }

  /** The chunks of a body until it ends or breaks: the client connects again in both cases. */
  private async *chunksOf(body: Readable, base: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) yield chunk as Buffer;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (!signal.aborted) this.logger.warn({ base, reason: code ?? message }, 'event stream interrupted');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.streams.destroy(), this.requests.destroy()]);
  }

  private problemOf(error: Error & { code?: string; cause?: unknown }, base: string): Problem {
    const cause = error.cause as (Error & { code?: string }) | undefined;
    if (cause instanceof Problem) return cause;
    this.logger.warn({ base, reason: cause?.code ?? error.code ?? error.message }, 'service did not respond');
    return unavailable('The service of this route is temporarily unavailable.');
  }
}

function copyHead({ statusCode, headers }: Dispatcher.ResponseData, reply: FastifyReply): void {
  reply.code(statusCode);
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !OF_ONE_HOP.test(name)) reply.header(name, value);
}

/** Destroys the bodies. The destruction of a body is an error of it; a reader receives any other error as well. */
function discardAll(responses: Iterable<Dispatcher.ResponseData>): void {
  for (const { body } of responses) body.on('error', () => undefined).destroy();
}

/** A stream of these chunks. The responses are discarded with it, also if nothing was read from them. */
function closing(
  responses: readonly Dispatcher.ResponseData[],
  chunks: AsyncIterable<Buffer | string>,
): Readable {
  for (const { body } of responses) body.on('error', () => undefined);
  return Readable.from(chunks).once('close', () => discardAll(responses));
}

async function* joinedJson(
  parts: ReadonlyMap<string, Dispatcher.ResponseData>,
): AsyncGenerator<Buffer | string> {
  let separator = '{';
  for (const [service, { body }] of parts) {
    yield `${separator}\n${JSON.stringify(service)}: `;
    for await (const chunk of body) yield chunk as Buffer;
    separator = ',';
  }
  yield '\n}\n';
}

const isRead = (request: FastifyRequest): boolean => request.method === 'GET' || request.method === 'HEAD';

function headersFor(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  span: Span | null,
): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!DROPPED_HEADERS.test(name)) sent[name] = value;
  sent['x-forwarded-for'] = request.ip;
  sent['x-forwarded-proto'] = request.protocol;
  sent['x-forwarded-host'] = request.host;
  sent['x-request-id'] = request.roost.requestId;
  sent.traceparent = span ? formatTraceparent(span.spanContext()) : request.roost.traceparent;
  if (request.roost.tracestate) sent.tracestate = request.roost.tracestate;
  return sent;
}
