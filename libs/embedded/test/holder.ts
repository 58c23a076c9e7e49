import { EmbeddedError, startKafka, startPostgres, startRedis } from '../src/index.js';

/** Runs one server on a folder until SIGTERM, for specs that kill this process. */
const [part, dataDir, port] = process.argv.slice(2) as [string, string, string | undefined];
try {
  const options = { dataDir, port: Number(port ?? 0) };
  const parts: Record<string, () => Promise<{ url: string; stop(): Promise<void> }>> = {
    postgres: async () => {
      const server = await startPostgres(options);
      return { url: server.url('postgres'), stop: () => server.stop() };
    },
    redis: () => startRedis(options),
    kafka: async () => {
      const broker = await startKafka(options);
      return { url: broker.brokers, stop: () => broker.stop() };
    },
  };
  const start = parts[part];
  if (!start) throw new Error(`There is no part ${part}.`);
  const running = await start();
  process.stdout.write(`${JSON.stringify({ url: running.url })}\n`);
  process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ error: error instanceof EmbeddedError ? error.message : String(error) })}\n`,
  );
  process.exitCode = 1;
}
