import { registerHooks } from 'node:module';

/** Starts a service without a collector, then with one, and prints the OpenTelemetry libraries that each has loaded. */
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

async function loadedBy(env: Record<string, string>): Promise<{ status: number; loaded: string[] }> {
  const service = await startService(notes, { env: { ...process.env, ...env } });
  const { status } = await fetch(`${service.url}/v1/notes/count`);
  await service.close();
  return { status, loaded: [...loaded].sort() };
}

const off = await loadedBy({});
const on = await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
process.stdout.write(JSON.stringify({ off, on }));
process.exit();
