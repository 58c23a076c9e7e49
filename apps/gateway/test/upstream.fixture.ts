import { PassThrough } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { OpenApiDocument } from '../src/routes/openapi.js';

export interface SeenRequest {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  bytes: number;
}

/** A fake service: it serves an OpenAPI document, and its responses describe the request. */
export interface Upstream {
  url: string;
  document: OpenApiDocument;
  seen: SeenRequest[];
  /** The open responses of `/v1/me/events`: write to them, or end them. */
  streams: PassThrough[];
  /** The number of requests for a stream whose connection it closes without a response. */
  streamsToClose: number;
  /** Sends another response than the description of the request. */
  reply: ((reply: FastifyReply) => FastifyReply) | null;
  close(): Promise<void>;
}

const bearer = [{ bearer: [] }];

export function aDocument(paths: OpenApiDocument['paths']): OpenApiDocument {
  return { openapi: '3.0.0', info: { title: 'fixture', version: '1' }, paths };
}

export const paths: Record<'listings' | 'identity', OpenApiDocument['paths']> = {
  listings: {
    '/v1/listings/search': { get: { security: [] } },
    '/v1/listings/{id}': { get: { security: [{}, { bearer: [] }] } },
    '/v1/listings/{id}/photos': {
      post: { security: bearer, requestBody: { content: { 'multipart/form-data': {} } } },
    },
  },
  identity: {
    '/v1/auth/login': { post: { security: [] } },
    '/v1/auth/refresh': { post: { security: [] } },
    '/v1/auth/step-up': { post: { security: bearer } },
    '/v1/me': { get: { security: bearer } },
    '/v1/me/events': {
      get: { security: bearer, responses: { 200: { content: { 'text/event-stream': {} } } } },
    },
  },
};

/** Starts a fake service, on a random port by default. */
export async function startUpstream(document: OpenApiDocument, port = 0): Promise<Upstream> {
  const server: FastifyInstance = Fastify({ bodyLimit: 100 * 1024 * 1024 });
  const seen: SeenRequest[] = [];
  const streams: PassThrough[] = [];
  const upstream: Upstream = {
    url: '',
    document,
    seen,
    streams,
    streamsToClose: 0,
    reply: null,
    close: () => server.close(),
  };
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  server.get('/openapi.json', () => upstream.document);
  server.all('/*', async (request, reply) => {
    let bytes = 0;
    if (request.body) for await (const chunk of request.body as AsyncIterable<Buffer>) bytes += chunk.length;
    const { method, url, headers } = request;
    // The gateway fetches the schema periodically: not a request of a test.
    if (url !== '/graphql/sdl') seen.push({ method, url, headers, bytes });
    if (url.startsWith('/v1/me/events')) {
      if (upstream.streamsToClose-- > 0) {
        request.raw.socket.destroy();
        return reply.hijack();
      }
      const stream = new PassThrough();
      stream.once('close', () => streams.splice(streams.indexOf(stream), 1));
      streams.push(stream);
      stream.write(`data: ${JSON.stringify({ url, lastEventId: headers['last-event-id'] })}\n\n`);
      return reply.header('content-type', 'text/event-stream').send(stream);
    }
    if (upstream.reply) return upstream.reply(reply);
    return reply
      .code(method === 'POST' && !url.startsWith('/v1/auth/') ? 201 : 200)
      .header('x-from', 'upstream')
      .headers(headers.cookie === undefined ? {} : { 'set-cookie': headers.cookie })
      .send({ method, url, bytes });
  });
  upstream.url = await server.listen({ port, host: '127.0.0.1' });
  return upstream;
}
