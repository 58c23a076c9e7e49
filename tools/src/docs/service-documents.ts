import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitions } from '@roost/app-standalone/composition';
import { startPostgres, startRedis } from '@roost/embedded';
import { EmbeddedBus, EventConsumer } from '@roost/messaging';
import { type MetricDescription, Metrics } from '@roost/platform';
import { startService } from '@roost/service';

/** The documents that only a running service provides. */
export interface ServiceDocuments {
  /** The OpenAPI documents and GraphQL schemas by path. The gateway serves them until it has fetched newer ones. */
  pages: Map<string, string>;
  /** The event types that each service consumes. */
  consumedTypes: Map<string, ReadonlySet<string>>;
  /** The metrics that each service has registered. */
  metrics: Map<string, MetricDescription[]>;
}

export async function serviceDocuments(): Promise<ServiceDocuments> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roost-docs-'));
  const discardLog = (): void => undefined;
  const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port: 0, log: discardLog });
  const redis = await startRedis({ dataDir: join(dataDir, 'redis'), port: 0, log: discardLog });
  const bus = new EmbeddedBus();
  const pages = new Map<string, string>();
  const consumedTypes = new Map<string, ReadonlySet<string>>();
  const metrics = new Map<string, MetricDescription[]>();
  try {
    for (const load of Object.values(definitions)) {
      const definition = await load();
      const service = await startService(definition, {
        bus,
        env: {
          PORT: '0',
          LOG_LEVEL: 'error',
          ROOST_DATA_DIR: dataDir,
          DATABASE_URL: postgres.url(`roost_${definition.name}`),
          REDIS_URL: redis.url,
          JWKS_URL: 'data:application/json,{"keys":[]}',
          ENCRYPTION_KEY: 'only-for-the-generation-of-documents',
          LOCATION_SECRET: 'only-for-the-generation-of-documents',
          SANDBOX_WEBHOOK_SECRET: 'only-for-the-generation-of-documents',
        },
      });
      try {
        metrics.set(definition.name, Metrics.describe(service.get(Metrics).registry));
        if (definition.name === 'gateway') continue;
        const document = await fetch(`${service.url}/openapi.json`);
        pages.set(`apps/gateway/release/${definition.name}.openapi.json`, await document.text());
        const schema = await fetch(`${service.url}/graphql/sdl`);
        consumedTypes.set(definition.name, service.get(EventConsumer).types);
        if (schema.ok) pages.set(`apps/gateway/release/${definition.name}.graphql`, await schema.text());
      } finally {
        await service.close();
      }
    }
  } finally {
    await redis.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
  return { pages, consumedTypes, metrics };
}
