import { mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError, startKafka, startPostgres, startRedis } from '@roost/embedded';

/**
 * Starts PostgreSQL and Redis for a test run, and Kafka for the fault suite. Only specs that use them wait for them. Ends
 * when its standard input is closed, which also happens when the run is killed.
 */
const [answerFile, folder, ...more] = process.argv.slice(2) as [string, string, ...string[]];

function answer(body: object): void {
  writeFileSync(`${answerFile}.part`, JSON.stringify(body), { mode: 0o600 });
  renameSync(`${answerFile}.part`, answerFile);
}

const GIGABYTE = 2 ** 30;
const MEMORY_FOLDER = '/dev/shm';

/**
 * In memory if there is plenty of it: a database is three hundred files, and the disk takes five times the CPU to create
 * and delete them.
 */
function postgresFolder(): string {
  let isRoomy = false;
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    isRoomy = bavail * bsize >= 4 * GIGABYTE && process.availableMemory() >= 8 * GIGABYTE;
  } catch {
    // This system has no such folder.
  }
  return mkdtempSync(isRoomy ? join(MEMORY_FOLDER, 'roost-test-postgres-') : join(folder, 'postgres-'));
}

const over = new Promise<void>((resolve) => {
  process.stdin.once('end', resolve).once('error', resolve).resume();
  process.once('SIGTERM', () => resolve());
  // Ctrl-C reaches this process as well; it ends with the run, after the specs have finished.
  process.on('SIGINT', () => undefined);
});

try {
  const folderFor = (part: string) => ({ dataDir: mkdtempSync(join(folder, `${part}-`)), temporary: true });
  const [postgres, redis, kafka] = await Promise.all([
    startPostgres({ dataDir: postgresFolder(), temporary: true }),
    startRedis(folderFor('redis')),
    more.includes('kafka') ? startKafka(folderFor('kafka')) : null,
  ]);
  answer({
    postgresUrl: postgres.url('postgres'),
    postgresLog: postgres.logFile,
    redisUrl: redis.url,
    kafkaBrokers: kafka?.brokers,
  });
  await over;
  await Promise.all([postgres.stop(), redis.stop(), kafka?.stop()]);
  rmSync(folder, { recursive: true, force: true });
} catch (error) {
  answer({ failure: error instanceof EmbeddedError ? error.message : String((error as Error).stack) });
  process.exitCode = 1;
}
process.exit();
