import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EmbeddedError, reasonOf } from './embedded-error.js';
import { findOnPath } from './find-on-path.js';

const run = promisify(execFile);

const LOGGING = fileURLToPath(new URL('../kafka/log4j2.properties', import.meta.url));
const MIN_JAVA = 17;

export interface BrokerSettings {
  folder: string;
  port: number;
  /** The port that clients connect to; differs from `port` behind a proxy. */
  advertisedPort: number;
  controllerPort: number;
  temporary?: boolean;
  /** Lines of server.properties, which override those of Roost. */
  properties?: Readonly<Record<string, string>>;
  /** Additional arguments of Kafka's StorageTool, such as `--add-scram`. */
  formatArguments?: readonly string[];
}

/** The Java that runs Kafka. Throws an EmbeddedError if there is none of a sufficient version. */
export async function findJava(): Promise<string> {
  const home = process.env.JAVA_HOME?.trim();
  const java =
    home && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : findOnPath(['java']);
  const advice =
    'install it (on Debian: apt-get install openjdk-17-jre-headless), or set KAFKA_BROKERS to brokers that run.';
  if (java === null) {
    throw new EmbeddedError(`Kafka needs Java ${MIN_JAVA}, and there is no java on PATH: ${advice}`);
  }
  let output: string;
  try {
    output = (await run(java, ['-version'], { timeout: 20_000 })).stderr;
  } catch (error) {
    throw new EmbeddedError(`Kafka needs Java, and ${java} does not run (${reasonOf(error)}): ${advice}`);
  }
  // The version of Java 8 is 1.8.
  const version = Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
  if (version < MIN_JAVA) {
    throw new EmbeddedError(
      `Kafka needs Java ${MIN_JAVA} or newer, and ${java} is ${output.split('\n')[0]}: ${advice}`,
    );
  }
  return java;
}

export function javaArguments(jars: string, folder: string, program: string, args: string[]): string[] {
  return [
    ...['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
    // No file in the system's folder for temporary files, where a killed process would leave it.
    ...['-XX:-UsePerfData', `-Djava.io.tmpdir=${join(folder, 'tmp')}`],
    ...[`-Dlog4j2.configurationFile=${LOGGING}`, '-Djava.awt.headless=true'],
    ...['-cp', join(jars, '*'), program, ...args],
  ];
}

/** Settings of one process that is both broker and controller, for this machine only. */
function properties(
  { folder, port, advertisedPort, controllerPort, temporary, properties: more }: BrokerSettings,
  data: string,
): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${advertisedPort}`,
    'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'CLIENTS',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, data),
    // Topics are created by code (libs/messaging); a misspelt name must not create one.
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': temporary ? 4 : 16,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': temporary ? 4 : 16,
    // A killed broker can register again after its previous session has expired (Kafka's default is 9 s).
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    // The first member of a group waits this long for others (Kafka's default is 3 s).
    'group.initial.rebalance.delay.ms': temporary ? 0 : 200,
    'group.min.session.timeout.ms': 1_000,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'log.index.size.max.bytes': 1024 * 1024,
    'log.segment.bytes': 64 * 1024 * 1024,
    ...more,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** Writes the settings file and returns its path. Creates the storage at the first start. */
export async function prepareBroker(
  java: string,
  jars: string,
  settings: BrokerSettings,
  log: (line: string) => void,
): Promise<string> {
  const { folder } = settings;
  const tmp = join(folder, 'tmp');
  rmSync(tmp, { recursive: true, force: true });
  mkdirSync(tmp, { mode: 0o700 });
  const data = join(folder, 'data');
  if (existsSync(data)) {
    if (!existsSync(join(data, 'meta.properties'))) {
      throw new EmbeddedError(
        `The Kafka folder ${data} is broken: it has no meta.properties. Move it away to start empty, or set ROOST_DATA_DIR to another folder.`,
      );
    }
  } else {
    log('creating the Kafka folder');
    await format(java, jars, settings);
  }
  const file = join(folder, 'server.properties');
  writeFileSync(file, properties(settings, 'data'), { mode: 0o600 });
  return file;
}

async function format(java: string, jars: string, settings: BrokerSettings): Promise<void> {
  const { folder } = settings;
  const unfinished = join(folder, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const file = join(folder, 'format.properties');
  writeFileSync(file, properties(settings, 'data.unfinished'), { mode: 0o600 });
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const args = ['format', '-t', cluster, '-c', file, ...(settings.formatArguments ?? [])];
  try {
    await run(java, javaArguments(jars, folder, 'kafka.tools.StorageTool', args), {
      cwd: folder,
      timeout: 120_000,
    });
  } catch (error) {
    const output = String((error as { stderr?: string }).stderr ?? '')
      .split('\n')
      .find((line) => line.trim() !== '');
    throw new EmbeddedError(
      `Kafka could not create its data folder ${unfinished}: ${output?.trim() ?? reasonOf(error)}.`,
    );
  }
  renameSync(unfinished, join(folder, 'data'));
  rmSync(file, { force: true });
}
