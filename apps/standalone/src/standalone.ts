import { startSandbox } from '@roost/app-sandbox';
import { EmbeddedBus } from '@roost/messaging';
import { createLogger, type Environment, StartError } from '@roost/platform';
import { type ServiceDefinition, startService } from '@roost/service';
import { all } from './all.js';
import type { Service } from './config.js';
import { composeEnvironment } from './environment.js';
import { type Hosting, type RunningAt, runRoost, urlsOf } from './roost.js';
import { definitions } from './services.js';

/** Every service in this process. */
export async function main(): Promise<void> {
  await runRoost(inOneProcess());
}

function inOneProcess(): Hosting {
  let code: { name: Service; definition: ServiceDefinition }[] = [];
  return {
    mode: 'embedded',
    prepare: async ({ services, terminal }) => {
      code = await Promise.all(
        services.map(async (name) => ({ name, definition: await definitions[name]() })),
      );
      terminal.step('code loaded');
    },
    serve: async ({ config, composition, sandbox, host, log, terminal, shutdown }, beforeGateway) => {
      const bus = new EmbeddedBus();
      const running: RunningAt[] = [];
      const open = async ({ name, definition }: (typeof code)[number]) => {
        const service = await startService(definition, {
          env: composeEnvironment(name, composition),
          bus,
          logger: createLogger(name, config.LOG_LEVEL, log.stream),
        }).catch((error: unknown) => {
          throw named(name, error);
        });
        shutdown.service(name, service);
        running.push({ name, url: service.url });
        terminal.step(`${name} on port ${service.port}`);
      };
      const openProvider = async () => {
        const logger = createLogger('sandbox', config.LOG_LEVEL, log.stream);
        const provider = await startSandboxFrom(composeEnvironment('sandbox', composition), host, logger);
        shutdown.after('sandbox', () => provider.close());
        running.push({ name: 'sandbox provider', url: provider.url });
        terminal.step(`sandbox provider on port ${provider.port}`);
      };
      const isGateway = ({ name }: { name: Service }) => name === 'gateway';
      await all([...code.filter((it) => !isGateway(it)).map(open), ...(sandbox ? [openProvider()] : [])]);
      await beforeGateway(urlsOf(running));
      // It makes its routes of their documents.
      await all(code.filter(isGateway).map(open));
      return running;
    },
  };
}

function named(name: string, error: unknown): unknown {
  if (error instanceof StartError) return error;
  return new Error(`${name} can't start: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

async function startSandboxFrom(env: Environment, host: string, logger: ReturnType<typeof createLogger>) {
  return startSandbox({
    host,
    port: Number(env.PORT),
    databaseUrl: env.DATABASE_URL ?? '',
    webhookUrl: env.SANDBOX_WEBHOOK_URL ?? '',
    webhookSecret: env.SANDBOX_WEBHOOK_SECRET ?? '',
    ...(env.SANDBOX_PUBLIC_URL ? { publicUrl: env.SANDBOX_PUBLIC_URL } : {}),
    logger,
  }).catch((error: unknown) => {
    throw named('the sandbox provider', error);
  });
}
