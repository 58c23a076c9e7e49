import type { FastifyInstance } from 'fastify';
import { bookEntries, bookTotals } from './book.queries.js';
import type { Database } from './database.js';
import type { FaultyRequests } from './faulty-requests.js';
import { readResponse } from './idempotency.queries.js';
import { CaptureIntent, ConfirmIntent, CreateIntent, CreateRefund, ListIntents } from './intent.dto.js';
import type { IntentService } from './intent.service.js';
import { Rejection } from './rejection.js';
import { idOf, parseMetadata } from './requests.js';

export interface IntentRoutes {
  database: Database;
  intents: IntentService;
  requests: FaultyRequests;
}

/** The provider's API. */
export function addIntentRoutes(app: FastifyInstance, routes: IntentRoutes): void {
  addWrites(app, routes);
  addReads(app, routes);
}

function addWrites(app: FastifyInstance, { intents, requests }: IntentRoutes): void {
  app.post('/v1/payment-intents', (request, reply) => {
    const body = CreateIntent.parse(request.body);
    return requests.write({ request, reply, route: 'create' }, (client) => intents.create(client, body));
  });
  app.post('/v1/payment-intents/:id/confirm', (request, reply) => {
    const body = ConfirmIntent.parse(request.body);
    return requests.write({ request, reply, route: 'confirm' }, (client) =>
      intents.confirm(client, idOf(request), body),
    );
  });
  app.post('/v1/payment-intents/:id/capture', (request, reply) => {
    const body = CaptureIntent.parse(request.body ?? {});
    return requests.write({ request, reply, route: 'capture' }, (client) =>
      intents.capture(client, idOf(request), body.amountMinor),
    );
  });
  app.post('/v1/payment-intents/:id/cancel', (request, reply) =>
    requests.write({ request, reply, route: 'cancel' }, (client) => intents.cancel(client, idOf(request))),
  );
  app.post('/v1/refunds', (request, reply) => {
    const body = CreateRefund.parse(request.body);
    return requests.write({ request, reply, route: 'refund' }, (client) => intents.refund(client, body));
  });
}

function addReads(app: FastifyInstance, { database, intents, requests }: IntentRoutes): void {
  app.get('/v1/payment-intents', (request, reply) =>
    requests.read(request, reply, () => {
      const { metadata, ...filter } = ListIntents.parse(request.query);
      return intents.list(database.pool, { ...filter, metadata: parseMetadata(metadata) });
    }),
  );
  app.get('/v1/payment-intents/:id', (request, reply) =>
    requests.read(request, reply, () => intents.get(database.pool, idOf(request))),
  );
  app.get('/v1/payment-intents/:id/refunds', (request, reply) =>
    requests.read(request, reply, async () => ({
      data: await intents.refunds(database.pool, idOf(request)),
    })),
  );
  app.get('/v1/idempotency-keys/:id', (request, reply) =>
    requests.read(request, reply, async () => {
      const stored = await readResponse(database.pool, idOf(request));
      if (!stored) throw new Rejection(404, 'not_found', 'This key was never used');
      return { status: stored.status, body: stored.body };
    }),
  );
  app.get('/v1/books', (request, reply) =>
    requests.read(request, reply, async () => ({ data: await bookTotals(database.pool) })),
  );
  app.get('/v1/books/:id', (request, reply) =>
    requests.read(request, reply, async () => ({ data: await bookEntries(database.pool, idOf(request)) })),
  );
}
