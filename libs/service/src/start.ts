import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import { getQueueToken } from '@nestjs/bull';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SubgraphModule } from '@roost/graphql';
import {
  createDocument,
  createHttpServer,
  currentRequest,
  IdempotencyKeys,
  KeySource,
  ProblemFilter,
  serveOperations,
} from '@roost/http';
import {
  connectEvents,
  EmbeddedBus,
  type EventTransport,
  type KafkaBus,
  MessagingModule,
} from '@roost/messaging';
import {
  ClockControl,
  type CommonConfig,
  connectRedis,
  createLogger,
  Health,
  Metrics,
  nestLogger,
  isStorageFull,
  probeStorage,
  readConfig,
  type Redis,
  StorageMonitor,
} from '@roost/platform';
import { startTracing, type Tracing } from '@roost/tracing';
import type { Queue } from 'bull';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { RunningService, ServiceDefinition, StartOptions } from './definition.js';
import { openFiles } from './files.js';
import { kafkaBus } from './kafka.js';
import { listen, listenForMetrics, startConsumers } from './listen.js';
import { CoreModule, type ServiceParts } from './core.module.js';
import { openServiceDatabase } from './service-database.js';
import { measureParts } from './service-metrics.js';
import { stopService, trackConnections } from './stop.js';

@Module({})
class RootModule {}

const LOOPBACK = '127.0.0.1';

/** Closes what a failed start has opened, in reverse order. */
type Undo = () => unknown;

/** The start of one service: its parts, and how to close them if the start fails. */
interface StartContext {
  definition: ServiceDefinition;
  config: CommonConfig;
  logger: Logger;
  metrics: Metrics;
  undo: Undo[];
}

/**
 * Starts a service: configuration, database, container, consumers, and the port last. If a step fails, the parts that
 * are already open are closed. Throws a `StartError` for errors that the operator can correct.
 */
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
  const { name, database = true, http = {} } = definition;
  const config = readConfig(definition.config, options.env ?? process.env, { database });
  config.PUBLIC_URL = config.PUBLIC_URL.replace(/\/+$/, '');
  const isPublic = http.public === true && config.ROOST_ENV === 'production';
  const host = config.BIND_HOST ?? (isPublic ? '0.0.0.0' : LOOPBACK);
  const logger = options.logger ?? createLogger(name, config.LOG_LEVEL);
  const metrics = new Metrics(name);
  const context: StartContext = { definition, config, logger, metrics, undo };
  const parts = await openParts(context, database);
  const { health, tracing, orm, redis, keySource, storage, files } = parts;

  let keys: IdempotencyKeys | null = null;
  const filter = new ProblemFilter(config.PUBLIC_URL, logger);
  const adapter = createHttpServer({
    service: name,
    config,
    http,
    logger,
    metrics,
    tracing,
    filter,
    keys: () => keys,
    closing: health.closing,
  });
  const messaging = orm !== null && definition.messaging !== false;
  const kafka = messaging && !options.bus ? openKafka(context) : null;
  const root: DynamicModule = {
    module: RootModule,
    imports: [
      CoreModule.forService(parts),
      ...(messaging ? [messagingModule(parts, options.bus ?? kafka ?? new EmbeddedBus())] : []),
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

  addHealthChecks({ health, redis, orm, kafka, keySource, storage });
  measureParts(metrics, {
    health,
    orm,
    queue: definition.queue ? app.get<Queue>(getQueueToken(name), { strict: false }) : null,
  });
  serveOperations(app.getHttpAdapter().getInstance() as unknown as FastifyInstance, {
    health: http.health === false ? null : health,
    metrics: http.metricsPort === undefined ? metrics : null,
    openApi: http.openApi === false ? null : () => createDocument(app, definition),
  });
  await app.get(ClockControl).load();
  if (messaging) connectEvents(app);
  await app.init();
  if (messaging) await startConsumers(app);
  await keySource.warm();
  const connections = trackConnections(app.getHttpServer() as HttpServer);
  await listen(app, name, { port: config.PORT ?? definition.port, host });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const metricsServer = await listenForMetrics(definition, config, metrics);
  if (metricsServer) undo.push(() => metricsServer.close());

  const running = {
    app,
    redis,
    orm,
    kafka,
    keySource,
    health,
    storage,
    files,
    metricsServer,
    connections,
    tracing,
    logger,
  };
  let closing: Promise<void> | null = null;
  logger.info({ port, host }, 'listening');
  return {
    name,
    url: `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`,
    port,
    app,
    lingerMs: config.STOP_LINGER_SECONDS * 1000,
    get: (token) => app.get(token, { strict: false }),
    close: ({ lingerMs = 0 } = {}) => (closing ??= stopService(running, lingerMs)),
  };
}

/** Opens the connections that the container needs. */
async function openParts(context: StartContext, database: boolean): Promise<ServiceParts> {
  const { definition, config, logger, metrics, undo } = context;
  const tracing = await openTracing(context);
  const redis = await connectRedis(config.REDIS_URL, definition.name, logger);
  undo.push(() => redis.disconnect());
  const storage = new StorageMonitor(logger);
  undo.push(() => storage.close());
  const onError = (error: unknown) => storage.record('database', error);
  const orm = database ? await openServiceDatabase(definition, config, { logger, onError }) : null;
  if (orm) {
    undo.push(() => orm.close(true));
    storage.watch('database', () => probeStorage(orm.em.fork()));
  }
  const keySource = new KeySource(config.JWKS_URL ?? `${config.IDENTITY_URL}/.well-known/jwks.json`, logger);
  keySource.start();
  undo.push(() => keySource.stop());
  const health = new Health(logger);
  const files = await openFiles({ service: definition.name, config, logger, health, storage, undo });
  return { definition, config, logger, redis, orm, metrics, tracing, health, keySource, storage, files };
}

async function openTracing({ definition, config, logger, metrics, undo }: StartContext): Promise<Tracing> {
  const spans = metrics.counter(
    'roost_trace_spans_total',
    'Spans by outcome: sent to the collector, or lost',
    ['outcome'],
  );
  const tracing = await startTracing({
    service: definition.name,
    environment: config.ROOST_ENV,
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    share: config.OTEL_TRACES_SAMPLER_ARG,
    sendEveryMs: config.OTEL_BSP_SCHEDULE_DELAY,
    logger,
    count: (outcome, count) => spans.inc({ outcome }, count),
  });
  undo.push(() => tracing.close());
  return tracing;
}

/** The Kafka connection in distributed mode; `null` in embedded mode. */
function openKafka({ definition, config, logger, metrics, undo }: StartContext): KafkaBus | null {
  if (config.ROOST_MODE !== 'distributed') return null;
  const kafka = kafkaBus(definition.name, config, logger, metrics);
  undo.push(() => kafka.close());
  return kafka;
}

function messagingModule(
  { definition, logger, metrics, tracing, storage }: ServiceParts,
  bus: EventTransport,
): DynamicModule {
  return MessagingModule.forRoot({
    service: definition.name,
    bus,
    logger,
    metrics: metrics.registry,
    tracing,
    figures: definition.figures?.(metrics) ?? {},
    onRelayError: (error) => storage.record('database', error),
    context: {
      traceparent: () => currentRequest()?.traceparent,
      run: (_meta, work) => work(),
    },
  });
}

function addHealthChecks(parts: {
  health: Health;
  redis: Redis;
  orm: MikroORM | null;
  kafka: KafkaBus | null;
  keySource: KeySource;
  storage: StorageMonitor;
}): void {
  const { health, redis, orm, kafka, keySource, storage } = parts;
  storage.watch('redis', () => redis.ping());
  health.add('redis', async () => {
    try {
      await redis.ping();
    } catch (error) {
      // While its disk is full, Redis rejects PING like a write, and reads go on.
      if (!isStorageFull(error)) throw error;
      storage.record('redis', error);
    }
  });
  if (orm) {
    health.add('database', async () => {
      await orm.em.getConnection().execute('SELECT 1');
    });
  }
  // Without them no token can be verified: every request of a user gets 503.
  health.add('keys', () => keySource.check());
  // Optional: while a disk is full, reads go on, and a load balancer must not send them elsewhere.
  health.addOptional('storage', () => storage.hasSpace);
  if (kafka) health.add('kafka', () => kafka.check());
}
