import { StartError } from '@roost/platform';
import type { ServiceDefinition } from './definition.js';
import { startService } from './start.js';

const PATIENCE_SECONDS = 30;
/** Time for clients that keep connections to use them once more, and be told. */
const LINGER_MS = 3_000;

/** What `main.ts` calls: runs a service until it is told to stop. Says one clear sentence when it can't. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  try {
    const service = await startService(definition);
    await untilStopped();
    // Who asks twice, or waits too long, does not want to wait.
    void untilStopped().then(() => process.exit(1));
    setTimeout(() => process.exit(1), PATIENCE_SECONDS * 1000).unref();
    await service.close({ lingerMs: LINGER_MS });
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      `${error instanceof StartError ? error.message : ((error as Error).stack ?? String(error))}\n`,
    );
    process.exit(1);
  }
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
