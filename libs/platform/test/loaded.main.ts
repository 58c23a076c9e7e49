import { registerHooks } from 'node:module';

/** Starts a service and says which OpenTelemetry libraries that has loaded. */
const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    const [, library] = /node_modules\/(@opentelemetry\/[\w-]+)\//.exec(url) ?? [];
    if (library) loaded.add(library);
    return next(url, context);
  },
});
const { startService } = await import('../src/index.js');
const { notes } = await import('./notes/src/service.js');
const service = await startService(notes);
const { status } = await fetch(`${service.url}/v1/notes/count`);
await service.close();
process.stdout.write(JSON.stringify({ status, loaded: [...loaded].sort() }));
process.exit();
