import { EmbeddedBus } from '@roost/messaging';
import { createLogger, StartError } from '@roost/platform';
import { type ServiceDefinition, startService } from '@roost/service';
import { all } from './all.js';
import type { Service } from './config.js';
import type { ServiceUrls } from './demo/caller.js';
import { composeEnvironment, type Composition } from './environment.js';
import { type RunningServer, type StartContext, urlsOf } from './runtime.js';

export interface LoadedService {
  name: Service;
  definition: ServiceDefinition;
}

type ServeContext = StartContext & { composition: Composition };

/** Starts services in this process, the gateway last. */
export async function serveInProcess(
  loaded: readonly LoadedService[],
  context: ServeContext,
  beforeGateway: (urls: ServiceUrls) => Promise<void>,
): Promise<RunningServer[]> {
  const bus = new EmbeddedBus();
  const open = (service: LoadedService) => startInProcess(service, bus, context);
  const isGateway = ({ name }: LoadedService) => name === 'gateway';
  const running: RunningServer[] = await all([
    ...loaded.filter((service) => !isGateway(service)).map(open),
    ...(context.sandbox ? [startSandboxProvider(context)] : []),
  ]);
  await beforeGateway(urlsOf(running));
  // The gateway reads its routes from the documents of the services.
  running.push(...(await all(loaded.filter(isGateway).map(open))));
  return running;
}

async function startInProcess(
  { name, definition }: LoadedService,
  bus: EmbeddedBus,
  { config, composition, log, terminal, shutdown }: ServeContext,
): Promise<RunningServer> {
  const service = await startService(definition, {
    env: composeEnvironment(name, composition),
    bus,
    logger: createLogger(name, config.LOG_LEVEL, log.stream),
  }).catch((error: unknown) => {
    throw startFailure(name, error);
  });
  shutdown.service(name, service);
  terminal.step(`${name} on port ${service.port}`);
  return { name, url: service.url };
}

async function startSandboxProvider(context: ServeContext): Promise<RunningServer> {
  const { config, composition, host, log, terminal, shutdown } = context;
  const { startSandbox } = await import('@roost/app-sandbox');
  const env = composeEnvironment('sandbox', composition);
  const provider = await startSandbox({
    host,
    port: Number(env.PORT),
    databaseUrl: env.DATABASE_URL ?? '',
    webhookUrl: env.SANDBOX_WEBHOOK_URL ?? '',
    webhookSecret: env.SANDBOX_WEBHOOK_SECRET ?? '',
    ...(env.SANDBOX_PUBLIC_URL ? { publicUrl: env.SANDBOX_PUBLIC_URL } : {}),
    logger: createLogger('sandbox', config.LOG_LEVEL, log.stream),
  }).catch((error: unknown) => {
    throw startFailure('the sandbox provider', error);
  });
  shutdown.after('sandbox', () => provider.close());
  terminal.step(`sandbox provider on port ${provider.port}`);
  return { name: 'sandbox provider', url: provider.url };
}

function startFailure(name: string, error: unknown): unknown {
  if (error instanceof StartError) return error;
  return new Error(`${name} can't start: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
