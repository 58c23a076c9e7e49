import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Service, SERVICES } from '@roost/app-standalone';
import { EmbeddedError, startPostgres, startRedis } from '@roost/embedded';
import { RestartingProcess } from './restarting-process.js';
import { watchSources } from './watch-sources.js';

const HELP = `Runs Roost and restarts it when a source file changes. PostgreSQL and Redis keep running.

  npm run dev                        all services in one process, as "npm start"
  npm run dev -- SERVICE [SERVICE…]  these services only: ${SERVICES.join(', ')}
  npm run dev -- --help              this text

Settings, data folder and ports are those of "npm start". Ctrl-C stops everything. To step through the code, run
"npm run debug" and attach a debugger (.vscode/launch.json has both).`;

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function main(): Promise<void> {
  const call = read();
  if (typeof call === 'string') {
    console.error(call);
    process.exitCode = 2;
    return;
  }
  if (call.help) return console.log(HELP);
  if (existsSync('.env')) process.loadEnvFile('.env');
  await run(call.services);
}

/** The call, or the sentence that says what is wrong with it. */
function read(): { help: boolean; services: readonly Service[] } | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    const unknown = positionals.find((name) => !SERVICES.some((service) => service === name));
    if (unknown !== undefined) return `There is no service "${unknown}": use ${SERVICES.join(', ')}.`;
    return { help: values.help, services: positionals as Service[] };
  } catch (error) {
    return `${(error as Error).message} (see npm run dev -- --help)`;
  }
}

async function run(services: readonly Service[]): Promise<void> {
  const dataDir = resolve(process.env.ROOST_DATA_DIR ?? '.roost');
  const log = (line: string) => console.log(`dev: ${line}`);
  const { DATABASE_URL, REDIS_URL } = process.env;
  const postgres = DATABASE_URL
    ? null
    : await startPostgres({
        dataDir: join(dataDir, 'postgres'),
        port: Number(process.env.POSTGRES_PORT ?? 54_320),
        log,
      });
  const redis = REDIS_URL
    ? null
    : await startRedis({
        dataDir: join(dataDir, 'redis'),
        url: undefined,
        port: Number(process.env.REDIS_PORT ?? 63_790),
        log,
      }).catch(async (error: unknown) => {
        await postgres?.stop();
        throw error;
      });
  const roost = new RestartingProcess({
    arguments: ['--conditions=@roost/source', '--import', './tools/register.js', 'tools/src/dev/child.ts'],
    cwd: root,
    env: {
      ...process.env,
      ...(postgres ? { DATABASE_URL: postgres.url('postgres') } : {}),
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ...(services.length > 0 ? { ROOST_SERVICES: services.join(',') } : {}),
    },
    log,
  });
  const stopWatching = watchSources({
    folders: [...(services.length > 0 ? services.map((name) => `apps/${name}`) : ['apps']), 'libs'].map(
      (folder) => join(root, folder),
    ),
    changed: (file) => roost.restart(`${file.slice(root.length)} changed`),
  });
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    stopWatching();
    await roost.stop();
    await Promise.all([postgres?.stop(), redis?.stop()]);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  roost.start();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EmbeddedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
