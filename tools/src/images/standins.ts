import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaJars } from '@roost/embedded';
import { type GoProgram, goProgram } from '@roost/testing/go-program';
import { CACHE, type Docker } from './docker.js';
import { ImagesError } from './images-error.js';
import { need } from './system-packages.js';

const run = promisify(execFile);
type Log = (line: string) => void;

const DEBIAN = 'roost-standin/debian:bookworm';
const NPM = 'npm@11.6.2';

interface StandIn {
  image: string;
  /** Puts what its Dockerfile copies into the folder. */
  prepare?(folder: string, root: string, log: Log): Promise<void>;
}

/** Images of the infrastructure, by their folder in docker/standins. */
const STANDINS: Readonly<Record<string, StandIn>> = {
  node: { image: 'node:24-bookworm-slim', prepare: prepareNode },
  postgres: { image: 'postgres:18-bookworm' },
  redis: { image: 'redis:7-bookworm' },
  kafka: { image: 'apache/kafka:4.1.1', prepare: prepareKafka },
  mailpit: { image: 'axllent/mailpit:v1.33.1', prepare: withGoProgram('mailpit') },
  versitygw: { image: 'versity/versitygw:v1.8.0', prepare: withGoProgram('versitygw') },
  jaeger: { image: 'jaegertracing/jaeger:2.13.0', prepare: withGoProgram('jaeger') },
  prometheus: { image: 'prom/prometheus:v3.5.0' },
  alertmanager: { image: 'prom/alertmanager:v0.28.1' },
};

export const STANDIN_NAMES = Object.keys(STANDINS);

export const imageOf = (name: string) => standIn(name).image;

/** Pulls the image; makes a stand-in with the same name and the same interface if no registry has it for us. */
export async function provide(docker: Docker, name: string, root: string, log: Log): Promise<void> {
  const it = standIn(name);
  if (await docker.has(it.image)) return;
  if (await docker.pull(it.image)) return log(`${it.image}: pulled`);
  await provideDebian(docker, log);
  log(`${it.image}: no registry responds; building a stand-in`);
  const context = join(CACHE, 'standins', name);
  rmSync(context, { recursive: true, force: true });
  mkdirSync(join(CACHE, 'standins'), { recursive: true });
  cpSync(join(root, 'docker', 'standins', name), context, { recursive: true });
  await it.prepare?.(context, root, log);
  await docker.build({ context, tag: it.image });
  rmSync(context, { recursive: true, force: true });
}

function standIn(name: string): StandIn {
  const it = STANDINS[name];
  if (!it) throw new ImagesError(`There is no stand-in "${name}": use ${STANDIN_NAMES.join(', ')}.`);
  return it;
}

/** Debian as debootstrap installs it. Kept in the cache. */
async function provideDebian(docker: Docker, log: Log): Promise<void> {
  if (await docker.has(DEBIAN)) return;
  const folder = join(CACHE, 'base');
  const archive = join(folder, 'bookworm.tar');
  if (!existsSync(archive)) {
    await need(['debootstrap'], log);
    log('making a Debian image with debootstrap (once)');
    const files = join(folder, 'rootfs');
    rmSync(files, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await program('debootstrap', [
      '--variant=minbase',
      '--include=ca-certificates,tzdata',
      'bookworm',
      files,
    ]);
    for (const useless of ['var/cache/apt/archives', 'var/lib/apt/lists']) {
      for (const file of readdirSync(join(files, useless))) {
        rmSync(join(files, useless, file), { recursive: true, force: true });
      }
    }
    await program('tar', ['--numeric-owner', '-C', files, '-cf', `${archive}.unfinished`, '.']);
    renameSync(`${archive}.unfinished`, archive);
    rmSync(files, { recursive: true, force: true });
  }
  await docker.read('import', '--change', 'CMD ["bash"]', archive, DEBIAN);
}

async function prepareNode(folder: string): Promise<void> {
  copyFileSync(process.execPath, join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
  await program('npm', ['pack', '--silent', '--pack-destination', folder, NPM]);
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  await program('tar', ['-xzf', join(folder, String(archive)), '-C', folder]);
  renameSync(join(folder, 'package'), join(folder, 'npm'));
}

async function prepareKafka(folder: string, root: string, log: Log): Promise<void> {
  cpSync(await kafkaJars(log), join(folder, 'jars'), { recursive: true });
  copyFileSync(join(root, 'libs/embedded/kafka/log4j2.properties'), join(folder, 'log4j2.properties'));
}

/** The lab keeps such programs in its cache too. */
function withGoProgram(name: GoProgram): NonNullable<StandIn['prepare']> {
  return async (folder, _root, log) => copyFile(goProgram(name, log), join(folder, name));
}

async function program(name: string, args: string[], env = process.env): Promise<void> {
  try {
    await run(name, args, { env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { code, stderr, message } = error as { code?: string; stderr?: string; message: string };
    if (code === 'ENOENT')
      throw new ImagesError(`${name} is not installed, and a stand-in is built with it.`);
    throw new ImagesError(`${name} failed: ${stderr?.trim().split('\n').slice(-5).join('\n') || message}`);
  }
}
