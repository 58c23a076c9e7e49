import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { runInCallerTrace } from './caller-trace.js';
import type { Database } from './database.js';
import type { Fault, FaultKind, Faults } from './faults.js';
import { type ApiResponse, runOnce } from './idempotency.js';

const HANG_MS = 30_000;
const IdempotencyKey = z.string().min(1).max(255).optional();

/** A request of one route that faults apply to. */
export interface FaultyRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  route: Fault['route'];
}

/** Runs reads and writes with the planned faults. */
export class FaultyRequests {
  constructor(
    private readonly database: Database,
    private readonly faults: Faults,
    /** Sends the webhooks that a write has stored. */
    private readonly wakeSender: () => void,
  ) {}

  /** Runs a write once per `Idempotency-Key`. */
  async write(
    { request, reply, route }: FaultyRequest,
    work: (client: PoolClient) => Promise<ApiResponse>,
  ): Promise<FastifyReply> {
    const fault = this.take(request, route);
    if (fault === 'lost') return dropConnection(request, reply);
    if (fault === 'fail') return unavailable(reply);
    const key = IdempotencyKey.parse(request.headers['idempotency-key']);
    const response = await runInCallerTrace(request.headers.traceparent, () =>
      runOnce(this.database, key, { path: request.url, body: request.body ?? null }, work),
    );
    this.wakeSender();
    if (fault === 'silent' || response.silent) return dropConnection(request, reply);
    if (fault === 'hang') return dropConnection(request, reply, HANG_MS);
    if (response.replayed) reply.header('idempotent-replayed', 'true');
    return reply.status(response.status).send(response.body);
  }

  async read(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<object>,
  ): Promise<FastifyReply> {
    const fault = this.take(request, 'read');
    if (fault === 'fail') return unavailable(reply);
    if (fault !== undefined) return dropConnection(request, reply, fault === 'hang' ? HANG_MS : 0);
    return reply.send(await work());
  }

  private take(request: FastifyRequest, route: Fault['route']): FaultKind | undefined {
    return this.faults.take(route, request.headers['sandbox-fault']);
  }
}

const unavailable = (reply: FastifyReply) =>
  reply.status(503).send({ error: { code: 'unavailable', message: 'Try again' } });

function dropConnection(request: FastifyRequest, reply: FastifyReply, afterMs = 0): FastifyReply {
  reply.hijack();
  // The client may have closed the connection before. Destroying it twice is harmless.
  setTimeout(() => request.raw.socket.destroy(), afterMs).unref();
  return reply;
}
