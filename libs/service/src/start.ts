import { setTimeout as pause } from 'node:timers/promises';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  connectEvents,
  EmbeddedBus,
  type EventTransport,
  type KafkaBus,
  MessagingModule,
  messagingMigrations,
  MissingTopics,
} from '@roost/messaging';
import { startTracing, type Tracing } from '@roost/tracing';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { SubgraphModule } from '@roost/graphql';
import {
  KeySource,
  ProblemFilter,
  createHttpServer,
  IdempotencyKeys,
  serveMetrics,
  serveOperations,
  currentRequest,
  createDocument,
} from '@roost/http';
import {
  ClockControl,
  type CommonConfig,
  readConfig,
  StartError,
  Migration0000Platform,
  openDatabase,
  Health,
  Sweeper,
  Metrics,
  connectRedis,
  type Redis,
  createLogger,
  loggable,
  nestLogger,
  withTimeout,
} from '@roost/platform';
import { kafkaBus } from './kafka.js';
import type { RunningService, ServiceDefinition, StartOptions } from './definition.js';
import { PlatformModule } from './platform.module.js';

/** Under the 30 s that a container is given to stop. */
const DRAIN_WITHIN_MS = 15_000;
const DRAIN_LOOK_MS = 20;
const CLOSE_TIMEOUT_MS = 8_000;

@Module({})
class RootModule {}

/** Undoes what a start has done, in reverse. */
type Undo = () => unknown;

/** Configuration, database, container, events, and at last the port. What fails, undoes what came before. */
export async function startService(
  definition: ServiceDefinition,
  options: StartOptions = {},
): Promise<RunningService> {
  const undo: Undo[] = [];
  try {
    return await start(definition, options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => undefined);
    throw error;
  }
}

async function start(
  definition: ServiceDefinition,
  options: StartOptions,
  undo: Undo[],
): Promise<RunningService> {
  const { name, database = true } = definition;
  const config = readConfig(definition.config, options.env ?? process.env, { database });
  config.PUBLIC_URL = config.PUBLIC_URL.replace(/\/+$/, '');
  const host = config.BIND_HOST ?? (config.ROOST_ENV === 'production' ? '0.0.0.0' : '127.0.0.1');
  const logger = options.logger ?? createLogger(name, config.LOG_LEVEL);
  const metrics = new Metrics(name);
  const health = new Health();

  const tracing = await startTracing({
    service: name,
    environment: config.ROOST_ENV,
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    share: config.OTEL_TRACES_SAMPLER_ARG,
    logger,
    count: (outcome, spans) =>
      metrics
        .counter('trace_spans_total', 'Spans by what became of them', ['outcome'])
        .inc({ outcome }, spans),
  });
  undo.push(() => tracing.close());
  const redis = await connectRedis(config.REDIS_URL, name, logger);
  undo.push(() => redis.disconnect());
  const orm = database ? await openOwnDatabase(definition, config, logger) : null;
  if (orm) undo.push(() => orm.close(true));

  const keySource = new KeySource(config.JWKS_URL ?? `${config.IDENTITY_URL}/.well-known/jwks.json`, logger);
  keySource.start();
  undo.push(() => keySource.stop());

  let keys: IdempotencyKeys | null = null;
  const filter = new ProblemFilter(config.PUBLIC_URL, logger);
  const adapter = createHttpServer({
    service: name,
    config,
    http: definition.http ?? {},
    logger,
    metrics,
    tracing,
    filter,
    keys: () => keys,
    closing: health.closing,
  });
  const messaging = orm !== null && definition.messaging !== false;
  const kafka =
    messaging && !options.bus && config.ROOST_MODE === 'distributed'
      ? kafkaBus(name, config, logger, metrics)
      : null;
  if (kafka) undo.push(() => kafka.close());
  const root: DynamicModule = {
    module: RootModule,
    imports: [
      PlatformModule.forService({
        definition,
        config,
        logger,
        redis,
        orm,
        metrics,
        tracing,
        health,
        keySource,
      }),
      ...(messaging
        ? [messagingModule(name, options.bus ?? kafka ?? new EmbeddedBus(), logger, metrics, tracing)]
        : []),
      definition.module,
      SubgraphModule.create(),
    ],
  };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  undo.push(() => app.close());
  app.useGlobalFilters(filter);
  keys = orm ? app.get(IdempotencyKeys) : null;

  addChecks(health, redis, orm);
  if (kafka) health.add('kafka', () => kafka.check());
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const http = definition.http ?? {};
  serveOperations(fastify, {
    health: http.health === false ? null : health,
    metrics: http.metricsPort === undefined ? metrics : null,
    openApi: http.openApi === false ? null : () => createDocument(app, definition),
  });
  await app.get(ClockControl).load();
  if (messaging) connectEvents(app);
  await app.init();
  if (messaging) await listenToEvents(app);
  await keySource.warm();
  const wanted = config.PORT ?? definition.port;
  await listen(app, host, wanted, name);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const metricsServer =
    http.metricsPort === undefined
      ? null
      : await serveMetrics(metrics, host, config.METRICS_PORT ?? (wanted === 0 ? 0 : http.metricsPort));
  if (metricsServer) undo.push(() => metricsServer.close());

  const running = { app, redis, orm, kafka, keySource, health, metricsServer, tracing, logger };
  let closing: Promise<void> | null = null;
  logger.info({ port, host }, 'listening');
  return {
    name,
    url: `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`,
    port,
    app,
    get: (token) => app.get(token, { strict: false }),
    close: ({ lingerMs = 0 } = {}) => (closing ??= stop(running, lingerMs)),
  };
}

async function openOwnDatabase(
  definition: ServiceDefinition,
  config: CommonConfig,
  logger: Logger,
): Promise<MikroORM> {
  const { name } = definition;
  return openDatabase({
    service: name,
    url: withDatabase(config.DATABASE_URL ?? '', name),
    poolSize: config.DATABASE_POOL_SIZE ?? 10,
    waitSeconds: config.DATABASE_WAIT_SECONDS ?? 10,
    entities: definition.entities,
    migrations: [
      Migration0000Platform,
      ...(definition.messaging === false ? [] : messagingMigrations),
      ...definition.migrations,
    ],
    logger,
  });
}

/** An address without a database means the service's own. */
function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  if (address.pathname === '' || address.pathname === '/') address.pathname = `/roost_${name}`;
  return address.href;
}

/** What is missing in Kafka is said in one sentence. */
async function listenToEvents(app: NestFastifyApplication): Promise<void> {
  try {
    await app.startAllMicroservices();
  } catch (error) {
    throw error instanceof MissingTopics ? new StartError(error.message) : error;
  }
}

function messagingModule(
  service: string,
  bus: EventTransport,
  logger: Logger,
  metrics: Metrics,
  tracing: Tracing,
): DynamicModule {
  return MessagingModule.forRoot({
    service,
    bus,
    logger,
    metrics: metrics.registry,
    tracing,
    context: {
      traceparent: () => currentRequest()?.traceparent,
      run: (_meta, work) => work(),
    },
  });
}

function addChecks(health: Health, redis: Redis, orm: MikroORM | null): void {
  health.add('redis', async () => {
    await redis.ping();
  });
  if (orm)
    health.add('database', async () => {
      await orm.em.getConnection().execute('SELECT 1');
    });
}

async function listen(app: NestFastifyApplication, host: string, port: number, name: string): Promise<void> {
  try {
    await app.listen({ port, host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(
        `Port ${port} of ${name} is in use: stop what listens there, or set PORT to another one.`,
      );
    if (code === 'EACCES')
      throw new StartError(`Port ${port} of ${name} may not be opened: set PORT to one above 1023.`);
    if (code === 'EADDRNOTAVAIL')
      throw new StartError(`BIND_HOST is ${host}, which is no address of this machine.`);
    throw error;
  }
}

interface RunningParts {
  app: NestFastifyApplication;
  redis: Redis;
  orm: MikroORM | null;
  kafka: KafkaBus | null;
  keySource: KeySource;
  health: Health;
  metricsServer: HttpServer | null;
  tracing: Tracing;
  logger: Logger;
}

/**
 * First lets clients go: each answer closes its connection meanwhile, so that who comes next opens one elsewhere. A
 * connection that is closed while it is idle may meet a request on its way, which is lost then.
 */
async function letGo(server: HttpServer, lingerMs: number): Promise<void> {
  const open = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count ?? 0)));
  const until = performance.now() + lingerMs;
  while (performance.now() < until && (await open()) > 0) await pause(DRAIN_LOOK_MS);
}

/** Takes no new connection and waits for the answers under way; a connection that falls idle is closed. */
async function drain(server: HttpServer): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), DRAIN_LOOK_MS);
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_WITHIN_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clearInterval(idle);
  clearTimeout(late);
}

/** Answers what is being asked, then lets go of everything, the pools last. */
async function stop(
  { app, redis, orm, kafka, keySource, health, metricsServer, tracing, logger }: RunningParts,
  lingerMs: number,
): Promise<void> {
  health.drain();
  keySource.stop();
  await letGo(app.getHttpServer() as HttpServer, lingerMs);
  await drain(app.getHttpServer() as HttpServer);
  await withTimeout(app.close(), CLOSE_TIMEOUT_MS).catch((error: unknown) =>
    logger.warn({ err: loggable(error) }, 'application not closed'),
  );
  if (kafka) await withTimeout(kafka.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
  app.get(Sweeper).release();
  metricsServer?.close();
  if (orm) await withTimeout(orm.close(true), CLOSE_TIMEOUT_MS).catch(() => undefined);
  redis.disconnect();
  await tracing.close();
  logger.info('stopped');
  logger.flush();
}
