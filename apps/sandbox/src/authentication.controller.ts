import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { challengePage, outcomePage } from './authentication.page.js';
import type { Database } from './database.js';
import { text } from './intent.dto.js';
import { readIntent } from './intent.queries.js';
import { type IntentService, noChallenge } from './intent.service.js';
import { idOf } from './requests.js';

const Challenge = z.object({ challenge: text(100) });
const Authenticate = z.strictObject({ challenge: text(100), outcome: z.enum(['approve', 'refuse']) });

export interface AuthenticationRoutes {
  database: Database;
  intents: IntentService;
  wakeSender: () => void;
}

/** The pages of the guest's bank. */
export function addAuthenticationRoutes(
  app: FastifyInstance,
  { database, intents, wakeSender }: AuthenticationRoutes,
): void {
  app.get('/authenticate/:id', async (request, reply) => {
    const { challenge } = Challenge.parse(request.query);
    const id = idOf(request);
    const { redirectUrl, amountMinor, currency } = await intents.get(database.pool, id);
    if (redirectUrl === null || new URL(redirectUrl).searchParams.get('challenge') !== challenge) {
      throw noChallenge();
    }
    return reply
      .type('text/html')
      .send(challengePage(id, challenge, `${amountMinor} ${currency} (minor units)`));
  });
  app.post('/authenticate/:id', async (request, reply) => {
    const { challenge, outcome } = Authenticate.parse(request.body);
    const id = idOf(request);
    const response = await database.transaction((client) =>
      intents.authenticate(client, id, challenge, outcome === 'approve'),
    );
    wakeSender();
    const { return_url: returnUrl } = await readIntent(database.pool, id);
    const message =
      response.status < 400 ? 'Thank you. The payment is approved.' : 'The payment was declined.';
    return reply.type('text/html').send(outcomePage(message, returnUrl));
  });
}
