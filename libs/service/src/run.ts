import { StartError } from '@roost/platform';
import type { ServiceDefinition } from './definition.js';
import { startService } from './start.js';

const STOP_TIMEOUT_MS = 30_000;
/** Time for clients to send their next request on a keep-alive connection, which its response closes. */
const LINGER_MS = 3_000;

/** Runs a service until SIGTERM or SIGINT. For `main.ts`. Prints a `StartError` as one sentence and exits with 1. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  try {
    const service = await startService(definition);
    await stopSignal();
    // A second signal, or the timeout, ends the process at once.
    void stopSignal().then(() => process.exit(1));
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    await service.close({ lingerMs: LINGER_MS });
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      `${error instanceof StartError ? error.message : ((error as Error).stack ?? String(error))}\n`,
    );
    process.exit(1);
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
