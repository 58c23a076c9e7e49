import { StartError } from '@roost/platform';
import type { ServiceDefinition } from './definition.js';
import { migrateService } from './migrate.js';
import { startService } from './start.js';

const STOP_TIMEOUT_MS = 30_000;

/** The program of a service, for `main.ts`. Prints a `StartError` as one sentence and exits with 1. */
export async function runService(
  definition: ServiceDefinition,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const [command = 'serve', ...rest] = args;
  try {
    if (command === '--help' || command === '-h') process.stdout.write(help(definition));
    else if (command === 'serve' && args.length === 0) await serve(definition);
    else if (command === 'migrate' && rest.length === 0) await migrate(definition);
    else
      throw new StartError(
        `${definition.name} does not know the arguments "${args.join(' ')}": --help lists them.`,
      );
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      `${error instanceof StartError ? error.message : ((error as Error).stack ?? String(error))}\n`,
    );
    process.exit(1);
  }
}

const help = ({ name, database = true }: ServiceDefinition): string => `${name}: a service of Roost

  main.js            serves until SIGTERM or SIGINT
${database ? '  main.js migrate    applies the pending migrations to DATABASE_URL, then grants DATABASE_ROLE access to the data\n' : ''}  main.js --help     prints this text

.env.example describes the settings, which are environment variables.
`;

/** Serves until SIGTERM or SIGINT. A signal during the start stops the service as soon as it has started. */
async function serve(definition: ServiceDefinition): Promise<void> {
  const stopped = stopSignal().then(() => {
    // A second signal, or the timeout, ends the process at once.
    void stopSignal().then(() => process.exit(1));
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  });
  const service = await startService(definition);
  await stopped;
  await service.close({ lingerMs: service.lingerMs });
}

/** A signal ends the process at once: PostgreSQL rolls the running migration back. */
async function migrate(definition: ServiceDefinition): Promise<void> {
  void stopSignal().then(() => process.exit(1));
  await migrateService(definition, process.env, (line) => void process.stdout.write(`${line}\n`));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
