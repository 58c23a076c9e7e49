import { createHmac, timingSafeEqual } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/**
 * The floor of POST /v1/webhooks/sandbox: a bare Fastify that verifies the signature over the raw body and inserts the
 * webhook with one prepared statement. It has no log, rate limit, encryption, queue or handling after the response.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const secret = process.env.SANDBOX_WEBHOOK_SECRET ?? '';
const INSERT = `
  INSERT INTO webhook_event (provider, id, type, payload, due_at, received_at)
  VALUES ('sandbox', $1, $2, $3, $4, $4) ON CONFLICT (provider, id) DO NOTHING RETURNING true`;

const server = Fastify();
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
server.get('/ready', () => 'ready');
server.post<{ Body: Buffer }>('/v1/webhooks/sandbox', async (request, reply) => {
  const [, t = '', v1 = ''] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['sandbox-signature'])) ?? [];
  const expected = createHmac('sha256', secret).update(`${t}.`).update(request.body).digest();
  if (v1 === '' || !timingSafeEqual(Buffer.from(v1, 'hex'), expected)) return reply.code(400).send();
  const { id, type } = JSON.parse(request.body.toString()) as { id: string; type: string };
  const values = [id, type, request.body.toString(), new Date()];
  await pool.query({ name: 'insert', text: INSERT, values });
  return { received: true };
});
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
