import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { claimFolder, FolderInUse } from './claim.js';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { onPath } from './on-path.js';

const run = promisify(execFile);

const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const FETCHED_WITHIN_MS = 600_000;
const LOOK_AGAIN_MS = 200;

/**
 * The folder with the broker's jars, the same for every data folder of this user. Fetched from Maven Central the first
 * time; another list of jars (the pom) is another folder. Who comes while they are being fetched waits for them.
 */
export async function kafkaJars(log: (line: string) => void): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME?.trim() || join(homedir(), '.cache'), 'roost');
  const list = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const jars = join(cache, `kafka-${list}`);
  while (!existsSync(jars)) {
    try {
      const claim = claimFolder(join(cache, 'kafka-fetching'));
      try {
        if (!existsSync(jars)) await fetchInto(jars, log);
      } finally {
        claim.release();
      }
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await pause(LOOK_AGAIN_MS);
    }
  }
  return jars;
}

async function fetchInto(jars: string, log: (line: string) => void): Promise<void> {
  const maven = onPath(['mvn']);
  if (maven === null) {
    throw new EmbeddedError(
      'Roost fetches Apache Kafka with Maven, and there is no mvn on PATH: install it (on Debian: apt-get install maven), or set KAFKA_BROKERS to brokers that run.',
    );
  }
  log('fetching Apache Kafka from Maven Central (once)');
  const unfinished = `${jars}.${randomBytes(4).toString('hex')}.unfinished`;
  try {
    mkdirSync(unfinished, { recursive: true });
    copyFileSync(POM, join(unfinished, 'pom.xml'));
    await run(
      maven,
      [
        ...['--batch-mode', '--strict-checksums', COPY],
        ...['-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`],
      ],
      { cwd: unfinished, timeout: FETCHED_WITHIN_MS, maxBuffer: 32 * 1024 * 1024 },
    );
    renameSync(unfinished, jars);
  } catch (error) {
    throw new EmbeddedError(
      `Apache Kafka could not be fetched from Maven Central (${complaintOf(error)}): see that "mvn" reaches it, or set KAFKA_BROKERS to brokers that run.`,
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Maven complains on standard output. */
function complaintOf(error: unknown): string {
  const said = String((error as { stdout?: string }).stdout ?? '')
    .split('\n')
    .find((line) => line.startsWith('[ERROR]'))
    ?.replace(/^\[ERROR\]\s*/, '')
    .slice(0, 300);
  return said || reasonOf(error);
}
