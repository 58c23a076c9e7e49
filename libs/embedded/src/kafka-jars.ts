import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedFolder } from './cached-folder.js';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { findOnPath } from './find-on-path.js';

const run = promisify(execFile);

const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const DOWNLOADED_WITHIN_MS = 600_000;

/** The folder with the jars of Kafka. The first call downloads them from Maven Central. A changed pom.xml leads to another folder. */
export function kafkaJars(log: (line: string) => void): Promise<string> {
  const list = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  return cachedFolder(`kafka-${list}`, (folder) => downloadInto(folder, log));
}

async function downloadInto(folder: string, log: (line: string) => void): Promise<void> {
  const maven = findOnPath(['mvn']);
  if (maven === null) {
    throw new EmbeddedError(
      'Roost downloads Apache Kafka with Maven, and there is no mvn on PATH: install it (on Debian: apt-get install maven), or set KAFKA_BROKERS to brokers that run.',
    );
  }
  log('downloading Apache Kafka from Maven Central (once)');
  try {
    copyFileSync(POM, join(folder, 'pom.xml'));
    await run(
      maven,
      [
        ...['--batch-mode', '--strict-checksums', COPY],
        ...['-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
      ],
      { cwd: folder, timeout: DOWNLOADED_WITHIN_MS, maxBuffer: 32 * 1024 * 1024 },
    );
  } catch (error) {
    throw new EmbeddedError(
      `Apache Kafka could not be downloaded from Maven Central (${reasonOfMaven(error)}): check that "mvn" can reach it, or set KAFKA_BROKERS to brokers that run.`,
    );
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
