import { randomUUID } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { PoolClient } from 'pg';
import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { z } from 'zod';
import { challengePage, outcomePage } from './authentication.page.js';
import { onBehalfOf } from './caller.js';
import type { Database } from './database.js';
import { once, type Answer } from './idempotency.js';
import type { Intents } from './intent.js';
import { Refusal } from './refusal.js';
import { Fault, Faults, Switches, readSwitches, writeSwitches, type FaultKind } from './switches.js';

// NUL can not be stored as text by PostgreSQL, and no name needs it.
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'Must not contain NUL');
const amount = z.int().min(1).max(1_000_000_000_000);
const metadata = z.record(text(40), text(500)).default({});

const CreateIntent = z.strictObject({
  amountMinor: amount,
  currency: z.string().regex(/^[A-Z]{3}$/),
  captureMethod: z.enum(['manual', 'automatic']).default('automatic'),
  metadata,
});
const ConfirmIntent = z.strictObject({
  paymentMethod: text(100),
  returnUrl: z.url({ protocol: /^https?$/ }).optional(),
});
const CaptureIntent = z.strictObject({ amountMinor: amount.optional() });
const CreateRefund = z.strictObject({
  intentId: text(100),
  amountMinor: amount,
  reason: text(500).optional(),
  metadata,
});
const Authenticate = z.strictObject({ challenge: text(100), outcome: z.enum(['approve', 'refuse']) });
const Listing = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  after: z.coerce.number().int().min(0).default(0),
  metadata: z
    .string()
    .regex(/^[^:]{1,40}:.{1,500}$/)
    .optional(),
});
const ById = z.object({ id: text(100) });

const HANG_MS = 30_000;

export interface ServerParts {
  database: Database;
  intents: Intents;
  faults: Faults;
  logger: FastifyBaseLogger;
  /** Webhooks were written: send them. */
  wake: () => void;
}

export function buildServer({ database, intents, faults, logger, wake }: ServerParts) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const answers = new Counter({
    name: 'sandbox_answers_total',
    help: 'Answers by route and status',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const webhooks = new Counter({
    name: 'sandbox_webhooks_total',
    help: 'Webhook posts by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    bodyLimit: 65_536,
    genReqId: () => randomUUID(),
  });

  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addHook('onResponse', (request, reply, done) => {
    answers.inc({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
    done();
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Refusal) {
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
    return reply.status(500).send({ error: { code: 'internal', message: 'Something failed on our side' } });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ error: { code: 'not_found', message: 'There is no such route' } }),
  );

  const vanish = (request: FastifyRequest, reply: FastifyReply, afterMs = 0): FastifyReply => {
    reply.hijack();
    // The connection may be long gone when the time is up; destroying it twice is harmless.
    setTimeout(() => request.raw.socket.destroy(), afterMs).unref();
    return reply;
  };

  const fault = (request: FastifyRequest, route: Fault['route']): FaultKind | undefined =>
    faults.take(route, request.headers['sandbox-fault']);

  async function change(
    request: FastifyRequest,
    reply: FastifyReply,
    route: Fault['route'],
    work: (client: PoolClient) => Promise<Answer>,
  ): Promise<FastifyReply> {
    const kind = fault(request, route);
    if (kind === 'lost') return vanish(request, reply);
    if (kind === 'fail')
      return reply.status(503).send({ error: { code: 'unavailable', message: 'Try again' } });
    const key = z.string().min(1).max(255).optional().parse(request.headers['idempotency-key']);
    const answer = await onBehalfOf(request.headers.traceparent, () =>
      once(database, key, { path: request.url, body: request.body ?? null }, work),
    );
    wake();
    if (kind === 'silent' || answer.silent) return vanish(request, reply);
    if (kind === 'hang') return vanish(request, reply, HANG_MS);
    if (answer.replayed) reply.header('idempotent-replayed', 'true');
    return reply.status(answer.status).send(answer.body);
  }

  const idOf = (request: FastifyRequest) => ById.parse(request.params).id;

  app.post('/v1/payment-intents', (request, reply) => {
    const body = CreateIntent.parse(request.body);
    return change(request, reply, 'create', (client) => intents.create(client, body));
  });
  app.post('/v1/payment-intents/:id/confirm', (request, reply) => {
    const body = ConfirmIntent.parse(request.body);
    return change(request, reply, 'confirm', (client) =>
      intents.confirm(client, idOf(request), body.paymentMethod, body.returnUrl ?? null),
    );
  });
  app.post('/v1/payment-intents/:id/capture', (request, reply) => {
    const body = CaptureIntent.parse(request.body ?? {});
    return change(request, reply, 'capture', (client) =>
      intents.capture(client, idOf(request), body.amountMinor),
    );
  });
  app.post('/v1/payment-intents/:id/cancel', (request, reply) =>
    change(request, reply, 'cancel', (client) => intents.cancel(client, idOf(request))),
  );
  app.post('/v1/refunds', (request, reply) => {
    const body = CreateRefund.parse(request.body);
    return change(request, reply, 'refund', (client) => intents.refund(client, body));
  });

  const readable = async (request: FastifyRequest, reply: FastifyReply, read: () => Promise<object>) => {
    const kind = fault(request, 'read');
    if (kind === 'fail')
      return reply.status(503).send({ error: { code: 'unavailable', message: 'Try again' } });
    if (kind !== undefined) return vanish(request, reply, kind === 'hang' ? HANG_MS : 0);
    return reply.send(await read());
  };

  app.get('/v1/payment-intents', (request, reply) =>
    readable(request, reply, () => {
      const query = Listing.parse(request.query);
      const split = query.metadata?.indexOf(':') ?? -1;
      return intents.list(database.pool, {
        after: query.after,
        limit: query.limit,
        metadata: query.metadata
          ? { [query.metadata.slice(0, split)]: query.metadata.slice(split + 1) }
          : undefined,
      });
    }),
  );
  app.get('/v1/payment-intents/:id', (request, reply) =>
    readable(request, reply, () => intents.get(database.pool, idOf(request))),
  );
  app.get('/v1/payment-intents/:id/refunds', (request, reply) =>
    readable(request, reply, async () => ({ data: await intents.refunds(database.pool, idOf(request)) })),
  );
  app.get('/v1/idempotency-keys/:id', (request, reply) =>
    readable(request, reply, async () => {
      const found = await database.pool.query<{ status: number; body: object }>(
        'SELECT status, body FROM idempotency_key WHERE key = $1',
        [idOf(request)],
      );
      if (!found.rows[0]) throw new Refusal(404, 'not_found', 'This key was never used');
      return found.rows[0];
    }),
  );
  app.get('/v1/books', (request, reply) =>
    readable(request, reply, async () => {
      const totals = await database.pool.query(
        `SELECT currency, kind, count(*) AS entries, sum(amount_minor)::bigint AS "amountMinor"
         FROM book_entry GROUP BY currency, kind ORDER BY currency, kind`,
      );
      return { data: totals.rows };
    }),
  );
  app.get('/v1/books/:id', (request, reply) =>
    readable(request, reply, async () => {
      const entries = await database.pool.query(
        `SELECT kind, amount_minor AS "amountMinor", currency, created_at AS "createdAt"
         FROM book_entry WHERE intent_id = $1 ORDER BY id`,
        [idOf(request)],
      );
      return { data: entries.rows };
    }),
  );

  app.get('/authenticate/:id', async (request, reply) => {
    const { challenge } = z.object({ challenge: text(100) }).parse(request.query);
    const intent = z
      .object({
        status: z.string(),
        amountMinor: z.number(),
        currency: z.string(),
        redirectUrl: z.string().nullable(),
      })
      .parse(await intents.get(database.pool, idOf(request)));
    if (
      intent.redirectUrl === null ||
      new URL(intent.redirectUrl).searchParams.get('challenge') !== challenge
    ) {
      throw new Refusal(404, 'not_found', 'There is nothing to authenticate here');
    }
    return reply
      .type('text/html')
      .send(
        challengePage(idOf(request), challenge, `${intent.amountMinor} ${intent.currency} (minor units)`),
      );
  });
  app.post('/authenticate/:id', async (request, reply) => {
    const body = Authenticate.parse(request.body);
    const id = idOf(request);
    const answer = await database.transaction((client) =>
      intents.authenticate(client, id, body.challenge, body.outcome === 'approve'),
    );
    wake();
    const back = await database.pool.query<{ return_url: string | null }>(
      'SELECT return_url FROM intent WHERE id = $1',
      [id],
    );
    const said = answer.status < 400 ? 'Thank you. The payment is approved.' : 'The payment was refused.';
    return reply.type('text/html').send(outcomePage(said, back.rows[0]?.return_url ?? null));
  });

  app.get('/control/switches', async () => readSwitches(database.pool));
  app.put('/control/switches', async (request) => {
    const switches = Switches.parse(request.body);
    await writeSwitches(database, switches);
    wake();
    return switches;
  });
  app.put('/control/faults', async (request) => {
    const wanted = z.array(Fault).max(20).parse(request.body);
    faults.plan(wanted);
    return { data: wanted };
  });
  app.get('/control/webhooks', async () => {
    const events = await database.pool.query(
      `SELECT id, type, payload::jsonb AS payload, copies, attempts, lost, delivered_at AS "deliveredAt", last_status AS "lastStatus"
       FROM webhook_event ORDER BY seq DESC LIMIT 1000`,
    );
    return { data: events.rows };
  });
  app.post('/control/payment-intents/:id/disputes/:step', async (request) => {
    const { id, step } = z
      .object({ id: text(100), step: z.enum(['open', 'won', 'lost']) })
      .parse(request.params);
    const answer = await database.transaction((client) => intents.dispute(client, id, step));
    wake();
    return answer.body;
  });
  app.post('/control/payment-intents/:id/lapse', async (request) => {
    const body = await database.transaction((client) => intents.lapse(client, idOf(request)));
    wake();
    return body;
  });

  app.get('/health/live', async () => ({ status: 'ok' }));
  const ready = async (_request: FastifyRequest, reply: FastifyReply) => {
    try {
      await database.pool.query('SELECT 1');
      return await reply.send({ status: 'ok' });
    } catch {
      return reply.status(503).send({ status: 'unavailable', parts: { database: 'unreachable' } });
    }
  };
  app.get('/health/ready', { logLevel: 'warn' }, ready);
  app.get('/health', { logLevel: 'warn' }, ready);
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );

  return {
    app,
    webhookSent: (delivered: boolean) => webhooks.inc({ outcome: delivered ? 'delivered' : 'failed' }),
  };
}
