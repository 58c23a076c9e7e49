import { EmbeddedError, startPostgres, startRedis } from '../src/index.js';

/** A process that holds the parts of a folder until it is told to end, for specs that kill it. */
const [part, dataDir, port] = process.argv.slice(2) as [string, string, string | undefined];
try {
  const options = { dataDir, port: Number(port ?? 0) };
  const running =
    part === 'postgres'
      ? await startPostgres(options).then((it) => ({ url: it.url('postgres'), stop: () => it.stop() }))
      : await startRedis(options);
  process.stdout.write(`${JSON.stringify({ url: running.url })}\n`);
  process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ refusal: error instanceof EmbeddedError ? error.message : String(error) })}\n`,
  );
  process.exitCode = 1;
}
