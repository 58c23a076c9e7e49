import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Database } from './database.js';
import type { FaultyRequests } from './faulty-requests.js';
import { ListIntents, text } from './intent.dto.js';
import { idOf, parseMetadata } from './requests.js';
import { CreateTransfer } from './transfer.dto.js';
import { PlannedTransfers, TransferPlan } from './transfer-plan.js';
import { TransferService } from './transfer.service.js';

const FinishParams = z.object({ id: text(100), status: z.enum(['paid', 'failed']) });

export interface TransferRoutes {
  database: Database;
  requests: FaultyRequests;
  wakeSender: () => void;
}

/** Transfers to the accounts of hosts, and the routes that control their outcome. */
export function addTransferRoutes(app: FastifyInstance, routes: TransferRoutes): void {
  const { database, requests, wakeSender } = routes;
  const plan = new TransferPlan();
  const transfers = new TransferService(plan);
  app.post('/v1/transfers', (request, reply) => {
    const body = CreateTransfer.parse(request.body);
    return requests.write({ request, reply, route: 'transfer' }, (client) => transfers.create(client, body));
  });
  app.get('/v1/transfers', (request, reply) =>
    requests.read(request, reply, () => {
      const { metadata, ...filter } = ListIntents.parse(request.query);
      return transfers.list(database.pool, { ...filter, metadata: parseMetadata(metadata) });
    }),
  );
  app.get('/v1/transfers/:id', (request, reply) =>
    requests.read(request, reply, () => transfers.get(database.pool, idOf(request))),
  );
  app.put('/control/transfers', async (request) => {
    const planned = PlannedTransfers.parse(request.body);
    plan.set(planned);
    return planned;
  });
  app.post('/control/transfers/:id/:status', async (request) => {
    const { id, status } = FinishParams.parse(request.params);
    const body = await database.transaction((client) => transfers.finish(client, id, status));
    wakeSender();
    return body;
  });
}
