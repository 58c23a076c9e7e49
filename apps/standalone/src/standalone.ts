import type { LoadedService } from './in-process.js';
import { runRoost } from './roost.js';
import type { Runtime } from './runtime.js';
import { definitions } from './services.js';

/** Runs every service in this process. */
export async function main(): Promise<void> {
  await runRoost(oneProcess());
}

/** The code of the services is loaded in `prepare` and `serve`: a start that is refused earlier ends without it. */
function oneProcess(): Runtime {
  let loaded: LoadedService[] = [];
  return {
    mode: 'embedded',
    prepare: async ({ services, terminal }) => {
      loaded = await Promise.all(
        services.map(async (name) => ({ name, definition: await definitions[name]() })),
      );
      terminal.step('code loaded');
    },
    serve: async (...parameters) => {
      const { serveInProcess } = await import('./in-process.js');
      return await serveInProcess(loaded, ...parameters);
    },
  };
}
