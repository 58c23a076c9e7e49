import { setTimeout as delay } from 'node:timers/promises';
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { KeySource } from '@roost/http';
import type { KafkaBus } from '@roost/messaging';
import {
  type FileStore,
  type Health,
  type Redis,
  type StorageMonitor,
  Sweeper,
  withTimeout,
} from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import type { Logger } from 'pino';

/** For everything together: below the 30 s after which the process ends itself. */
const STOP_TIMEOUT_MS = 25_000;
const DRAIN_TIMEOUT_MS = 15_000;
/** What running requests leave of the whole for the parts. */
const PARTS_MS = 5_000;
const CLOSE_TIMEOUT_MS = 8_000;
const POLL_INTERVAL_MS = 20;

/** The parts of a running service that a stop closes. */
export interface RunningParts {
  app: NestFastifyApplication;
  redis: Redis;
  orm: MikroORM | null;
  kafka: KafkaBus | null;
  keySource: KeySource;
  health: Health;
  storage: StorageMonitor;
  files: FileStore | null;
  metricsServer: HttpServer | null;
  connections: ReadonlySet<Socket>;
  tracing: Tracing;
  logger: Logger;
}

/** Finishes the running requests, then closes all parts; the connection pools last. */
export async function stopService(parts: RunningParts, lingerMs: number): Promise<void> {
  const { app, redis, orm, kafka, logger } = parts;
  const server = app.getHttpServer() as HttpServer;
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  const within = (ms: number, end = deadline) => Math.max(0, Math.min(ms, end - performance.now()));
  const close = (part: string, closing: Promise<unknown>) =>
    withTimeout(closing, within(CLOSE_TIMEOUT_MS)).catch((error: unknown) =>
      logger.warn({ err: error }, `${part} not closed`),
    );
  parts.health.drain();
  parts.keySource.stop();
  parts.storage.close();
  parts.files?.close();
  await waitForClients(server, lingerMs);
  await drain(server, parts.connections, within(DRAIN_TIMEOUT_MS, deadline - PARTS_MS));
  await close('application', app.close());
  if (kafka) await close('kafka', kafka.close());
  app.get(Sweeper).release();
  parts.metricsServer?.close();
  if (orm) await close('database', orm.close(true));
  redis.disconnect();
  await close('tracing', parts.tracing.close());
  logger.info('stopped');
  logger.flush();
}

/**
 * Waits until clients have closed their keep-alive connections: while the service drains, each response closes its
 * connection, so that the next request opens one to another replica. If the server closed an idle connection, a request
 * that is already on its way would be lost.
 */
async function waitForClients(server: HttpServer, lingerMs: number): Promise<void> {
  const connections = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count ?? 0)));
  const until = performance.now() + lingerMs;
  while (performance.now() < until && (await connections()) > 0) await delay(POLL_INTERVAL_MS);
}

/** The open connections of a server, from now on. */
export function trackConnections(server: HttpServer): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}

/**
 * Accepts no new connection, waits for running requests and closes connections that become idle. An immediate comes after
 * the event loop has read what arrived: a busy process would otherwise close connections with a request that it has not read.
 * For Node, a connection is not idle before its first request: browsers open such connections in advance.
 */
async function drain(server: HttpServer, connections: ReadonlySet<Socket>, timeoutMs: number): Promise<void> {
  const closeUnused = () => {
    server.closeIdleConnections();
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
  const closeIdle = setInterval(() => setImmediate(closeUnused), POLL_INTERVAL_MS);
  const closeAll = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await new Promise<void>((resolve) => {
    setImmediate(() => server.close(() => resolve()));
  });
  clearInterval(closeIdle);
  clearTimeout(closeAll);
}
