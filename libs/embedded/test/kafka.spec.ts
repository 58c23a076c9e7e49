import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from '../src/index.js';
import { aFolder, cleanUp } from './holding.js';

// These specs also run on a machine without Java. Specs that need a broker are in kafka.faults.ts.

const { PATH, JAVA_HOME, XDG_CACHE_HOME } = process.env;
afterEach(async () => {
  Object.assign(process.env, { PATH });
  for (const [name, value] of Object.entries({ JAVA_HOME, XDG_CACHE_HOME })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await cleanUp();
});

/** A machine whose PATH has these programs only, and no jars yet. */
function aMachineWith(programs: Record<string, string>): void {
  const folder = join(aFolder(), 'bin');
  mkdirSync(folder);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env.PATH = folder;
  delete process.env.JAVA_HOME;
  process.env.XDG_CACHE_HOME = aFolder();
}

const java = (version: string) => `echo 'openjdk version "${version}" 2025-04-15' >&2`;

describe('rejects a start with one sentence', () => {
  test('no Java', async () => {
    aMachineWith({});
    await expect(startKafka({ dataDir: aFolder() })).rejects.toThrow(
      /^Kafka needs Java 17, and there is no java on PATH: install it .* or set KAFKA_BROKERS to brokers that run\.$/,
    );
  });

  test.each(['1.8.0_422', '11.0.27'])('a Java that is too old: %s', async (version) => {
    aMachineWith({ java: java(version) });
    await expect(startKafka({ dataDir: aFolder() })).rejects.toThrow(
      new RegExp(`^Kafka needs Java 17 or newer, and .*/java is openjdk version "${version}"`),
    );
  });

  test('no Maven', async () => {
    aMachineWith({ java: java('17.0.15') });
    await expect(startKafka({ dataDir: aFolder() })).rejects.toThrow(
      /^Roost downloads Apache Kafka with Maven, and there is no mvn on PATH: install it/,
    );
  });

  test('no Maven Central, and downloads again at the next start', async () => {
    aMachineWith({
      java: java('17.0.15'),
      mvn: 'echo "[ERROR] Could not transfer artifact: Unknown host"; exit 1',
    });
    const logged: string[] = [];
    for (let time = 0; time < 2; time++) {
      await expect(startKafka({ dataDir: aFolder(), log: (line) => logged.push(line) })).rejects.toThrow(
        /^Apache Kafka could not be downloaded from Maven Central \(Could not transfer artifact: Unknown host\)/,
      );
    }
    expect(logged).toEqual([
      'downloading Apache Kafka from Maven Central (once)',
      'downloading Apache Kafka from Maven Central (once)',
    ]);
  });

  test.each([
    [
      'no server',
      '127.0.0.1:1',
      /^The Kafka of KAFKA_BROKERS \(127\.0\.0\.1:1\) does not answer: .*ECONNREFUSED/,
    ],
    ['no port', 'kafka.example.com', /^KAFKA_BROKERS is not a comma-separated list of host:port/],
    ['an address', 'kafka://127.0.0.1:9092', /^KAFKA_BROKERS is not a comma-separated list of host:port/],
  ])('KAFKA_BROKERS: %s', async (_what, brokers, sentence) => {
    await expect(startKafka({ dataDir: aFolder(), brokers })).rejects.toThrow(sentence);
  });
});

test('two concurrent starts download the jars once', async () => {
  const log = join(aFolder(), 'fetched');
  aMachineWith({
    java: `[ "$1" = -version ] && { ${java('17.0.15')}; exit 0; }; echo 'no broker in here' >&2; exit 1`,
    mvn: `echo once >> ${log}`,
  });
  const starts = await Promise.allSettled([aFolder(), aFolder()].map((dataDir) => startKafka({ dataDir })));
  expect(starts.map((start) => start.status === 'rejected' && String(start.reason))).toEqual([
    expect.stringContaining('no broker in here'),
    expect.stringContaining('no broker in here'),
  ]);
  expect(readFileSync(log, 'utf8')).toBe('once\n');
});
