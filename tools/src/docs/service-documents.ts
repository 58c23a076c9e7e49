import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitions } from '@roost/app-standalone/composition';
import { startPostgres, startRedis } from '@roost/embedded';
import { EmbeddedBus, EventConsumer } from '@roost/messaging';
import { startService } from '@roost/service';

const { gateway: _, ...services } = definitions;

/** What only a started service can say of itself. */
export interface ServiceDocuments {
  /** The OpenAPI document and the GraphQL schema of each: what a gateway of this release knows from the first moment. */
  pages: Map<string, string>;
  /** The types of events that each service listens to. */
  listeners: Map<string, ReadonlySet<string>>;
}

export async function serviceDocuments(): Promise<ServiceDocuments> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roost-docs-'));
  const quiet = (): void => undefined;
  const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port: 0, log: quiet });
  const redis = await startRedis({ dataDir: join(dataDir, 'redis'), port: 0, log: quiet });
  const bus = new EmbeddedBus();
  const pages = new Map<string, string>();
  const listeners = new Map<string, ReadonlySet<string>>();
  try {
    for (const load of Object.values(services)) {
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
          ENCRYPTION_KEY: 'only for writing documents, never used',
          LOCATION_SECRET: 'only for writing documents, never used',
          SANDBOX_WEBHOOK_SECRET: 'only for writing documents, never used',
        },
      });
      try {
        const document = await fetch(`${service.url}/openapi.json`);
        pages.set(`apps/gateway/release/${definition.name}.openapi.json`, await document.text());
        const schema = await fetch(`${service.url}/graphql/sdl`);
        listeners.set(definition.name, service.get(EventConsumer).types);
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
  return { pages, listeners };
}
