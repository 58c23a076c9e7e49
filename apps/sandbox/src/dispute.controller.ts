import type { FastifyInstance } from 'fastify';
import type { Database } from './database.js';
import { ListDisputes } from './dispute.dto.js';
import type { DisputeService } from './dispute.service.js';
import type { FaultyRequests } from './faulty-requests.js';
import { idOf } from './requests.js';

export interface DisputeRoutes {
  database: Database;
  disputes: DisputeService;
  requests: FaultyRequests;
}

/** The read routes of disputes. */
export function addDisputeRoutes(
  app: FastifyInstance,
  { database, disputes, requests }: DisputeRoutes,
): void {
  app.get('/v1/disputes', (request, reply) =>
    requests.read(request, reply, () => {
      const { limit, before = null } = ListDisputes.parse(request.query);
      return disputes.list(database.pool, { intentId: null, limit, before });
    }),
  );
  app.get('/v1/disputes/:id', (request, reply) =>
    requests.read(request, reply, () => disputes.get(database.pool, idOf(request))),
  );
  app.get('/v1/payment-intents/:id/disputes', (request, reply) =>
    requests.read(request, reply, () => {
      const { limit, before = null } = ListDisputes.parse(request.query);
      return disputes.list(database.pool, { intentId: idOf(request), limit, before });
    }),
  );
}
