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
import { findOnPath } from './find-on-path.js';

const run = promisify(execFile);

const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const DOWNLOADED_WITHIN_MS = 600_000;
const POLL_MS = 200;

/**
 * The folder with the jars of Kafka, shared by all data folders of this user. The first call downloads them from Maven
 * Central; concurrent calls wait for the download. A changed pom.xml leads to another folder.
 */
export async function kafkaJars(log: (line: string) => void): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME?.trim() || join(homedir(), '.cache'), 'roost');
  const list = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const jars = join(cache, `kafka-${list}`);
  while (!existsSync(jars)) {
    try {
      const claim = claimFolder(join(cache, 'kafka-fetching'));
      try {
        if (!existsSync(jars)) await downloadInto(jars, log);
      } finally {
        claim.release();
      }
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await pause(POLL_MS);
    }
  }
  return jars;
}

async function downloadInto(jars: string, log: (line: string) => void): Promise<void> {
  const maven = findOnPath(['mvn']);
  if (maven === null) {
    throw new EmbeddedError(
      'Roost downloads Apache Kafka with Maven, and there is no mvn on PATH: install it (on Debian: apt-get install maven), or set KAFKA_BROKERS to brokers that run.',
    );
  }
  log('downloading Apache Kafka from Maven Central (once)');
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
      { cwd: unfinished, timeout: DOWNLOADED_WITHIN_MS, maxBuffer: 32 * 1024 * 1024 },
    );
    renameSync(unfinished, jars);
  } catch (error) {
    throw new EmbeddedError(
      `Apache Kafka could not be downloaded from Maven Central (${reasonOfMaven(error)}): check that "mvn" can reach it, or set KAFKA_BROKERS to brokers that run.`,
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Maven prints its errors to standard output. */
function reasonOfMaven(error: unknown): string {
  const output = String((error as { stdout?: string }).stdout ?? '')
    .split('\n')
    .find((line) => line.startsWith('[ERROR]'))
    ?.replace(/^\[ERROR\]\s*/, '')
    .slice(0, 300);
  return output || reasonOf(error);
}
