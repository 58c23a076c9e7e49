import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addAuthenticationRoutes } from './authentication.controller.js';
import { addControlRoutes } from './control.controller.js';
import type { Database } from './database.js';
import { addDisputeRoutes } from './dispute.controller.js';
import { Faults } from './faults.js';
import { FaultyRequests } from './faulty-requests.js';
import { addHealthRoutes } from './health.controller.js';
import { addIntentRoutes } from './intent.controller.js';
import type { IntentService } from './intent.service.js';
import type { SandboxMetrics } from './metrics.js';
import { Rejection } from './rejection.js';
import { addTransferRoutes } from './transfer.controller.js';

/** For the pages of the guest's bank: their style and their form, and no frame around them. */
const PAGE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
};

const BODY_LIMIT_BYTES = 65_536;

export interface ServerOptions {
  database: Database;
  intents: IntentService;
  metrics: SandboxMetrics;
  logger: FastifyBaseLogger;
  /** Sends stored webhooks at once. */
  wakeSender: () => void;
}

export function createServer(options: ServerOptions): FastifyInstance {
  const { database, metrics, logger, wakeSender } = options;
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => randomUUID(),
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(PAGE_HEADERS);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.countResponse(request.routeOptions.url ?? 'none', reply.statusCode);
    done();
  });
  addErrorHandlers(app);
  const faults = new Faults();
  const requests = new FaultyRequests(database, faults, wakeSender);
  addIntentRoutes(app, { ...options, requests });
  addTransferRoutes(app, { ...options, requests });
  addDisputeRoutes(app, { database, disputes: options.intents.disputes, requests });
  addAuthenticationRoutes(app, options);
  addControlRoutes(app, { ...options, faults });
  addHealthRoutes(app, options);
  return app;
}

function addErrorHandlers(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Rejection) {
      return reply.status(error.status).send({ error: { code: error.code, message: error.message } });
    }
    if (error instanceof z.ZodError) {
      const first = error.issues[0];
      const message = first ? `${first.path.join('.')}: ${first.message}` : 'The request is malformed';
      return reply.status(400).send({ error: { code: 'invalid_request', message } });
    }
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return reply
        .status(error.statusCode)
        .send({ error: { code: 'invalid_request', message: error.message } });
    }
    request.log.error({ err: error }, 'request failed');
    return reply.status(500).send({ error: { code: 'internal', message: 'Internal error' } });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ error: { code: 'not_found', message: 'No such route' } }),
  );
}
