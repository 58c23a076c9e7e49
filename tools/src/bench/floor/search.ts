import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';
import type { Recording } from '../search-recording.js';

/**
 * The floor of a search: a bare Fastify and `pg` that run the statements which listings runs for this path, with the same
 * values, and respond with the same bytes. It has no validation, rules, prices, log, rate limit or serialization.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, application_name: 'floor' });
const recordings = new Map<string, Recording>(
  (JSON.parse(readFileSync(process.env.RECORDINGS ?? '', 'utf8')) as Recording[]).map((one) => [
    one.path,
    one,
  ]),
);

const server = Fastify();
server.get('/ready', () => 'ready');
server.get('/v1/listings/search', async (request, reply) => {
  const recording = recordings.get(request.url);
  if (!recording) return reply.code(404).send();
  let rows = 0;
  for (const { name, text, values } of recording.statements) {
    const result = await pool.query(name === '' ? { text, values } : { name, text, values });
    rows += result.rows.length;
  }
  // The statements must find what the app found.
  if (rows === 0) return reply.code(500).send();
  return reply.type('application/json; charset=utf-8').send(recording.body);
});
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
