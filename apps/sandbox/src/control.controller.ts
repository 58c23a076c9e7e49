import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Database } from './database.js';
import { OpenDispute } from './dispute.dto.js';
import { Fault, type Faults } from './faults.js';
import { text } from './intent.dto.js';
import type { IntentService } from './intent.service.js';
import { idOf } from './requests.js';
import { readSwitches, storeSwitches } from './switches.queries.js';
import { Switches } from './switches.js';
import { listWebhooks } from './webhook.queries.js';

const PlannedFaults = z.array(Fault).max(20);
const DisputeParams = z.object({ id: text(100), step: z.enum(['open', 'review', 'won', 'lost']) });

export interface ControlRoutes {
  database: Database;
  intents: IntentService;
  faults: Faults;
  wakeSender: () => void;
}

/** The routes that tests and developers control the provider with. */
export function addControlRoutes(
  app: FastifyInstance,
  { database, intents, faults, wakeSender }: ControlRoutes,
): void {
  app.get('/control/switches', async () => readSwitches(database.pool));
  app.put('/control/switches', async (request) => {
    const switches = Switches.parse(request.body);
    await storeSwitches(database.pool, switches);
    wakeSender();
    return switches;
  });
  app.put('/control/faults', async (request) => {
    const planned = PlannedFaults.parse(request.body);
    faults.plan(planned);
    return { data: planned };
  });
  app.get('/control/webhooks', async () => ({ data: await listWebhooks(database.pool) }));
  app.post('/control/payment-intents/:id/disputes/:step', async (request) => {
    const { id, step } = DisputeParams.parse(request.params);
    const body = OpenDispute.parse(request.body ?? {});
    const response = await database.transaction((client) => intents.dispute(client, id, step, body));
    wakeSender();
    return response.body;
  });
  app.post('/control/refunds/:id/failed', async (request) => {
    const body = await database.transaction((client) => intents.returnRefund(client, idOf(request)));
    wakeSender();
    return body;
  });
  app.post('/control/payment-intents/:id/lapse', async (request) => {
    const body = await database.transaction((client) => intents.lapse(client, idOf(request)));
    wakeSender();
    return body;
  });
}
