import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { APPS } from '../bundle/apps.js';
import { CACHE, Docker } from './docker.js';
import { ImagesError } from './images-error.js';
import { imageOf, provide, STANDIN_NAMES } from './standins.js';

const HELP = `Builds the images of Roost with docker/Dockerfile. Without a Docker engine it starts one of its own. Without a registry it
makes local stand-ins of the images that Roost is built on and runs with (docker/standins).

  npm run images -- build [APP…]       roost/APP:TAG of all apps, or of these: ${APPS.join(', ')}
  npm run images -- provide [NAME…]    images of the infrastructure, all or these: ${STANDIN_NAMES.join(', ')}
  npm run images -- sbom APP           prints the bill of materials of an image
  npm run images -- host               prints the DOCKER_HOST that the other commands use
  npm run images -- down               stops the engine that was started

  --tag TAG   the tag of the images of Roost (default dev)
  --save      also writes each image to ${join(CACHE, 'images')}, for "ctr images import"
  --help      this text`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const started = performance.now();

const log = (line: string) => {
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`);
};

interface Call {
  names: string[];
  tag: string;
  save: boolean;
}

const COMMANDS: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  async build({ names, tag, save }) {
    const apps = known(names, APPS, 'app');
    const docker = await Docker.open(log);
    await provide(docker, 'node', root, log);
    const base = await size(docker, imageOf('node'));
    for (const app of apps) {
      const image = `roost/${app}:${tag}`;
      await docker.build({
        context: root,
        file: join(root, 'docker/Dockerfile'),
        tag: image,
        args: { APP: app, VERSION: version(), REVISION: revision() },
      });
      const above = ((await size(docker, image)) - base) / 1e6;
      log(`${image}: ${above.toFixed(1)} MB above ${imageOf('node')}`);
      if (save) await write(docker, image, app);
    }
  },
  async provide({ names, save }) {
    const docker = await Docker.open(log);
    for (const name of known(names, STANDIN_NAMES, 'image')) {
      await provide(docker, name, root, log);
      if (save) await write(docker, imageOf(name), name);
    }
  },
  async sbom({ names, tag }) {
    if (names.length !== 1) throw new ImagesError('Name one app: npm run images -- sbom bookings');
    const docker = await Docker.open(log);
    const [app] = known(names, APPS, 'app');
    console.log(
      await docker.read('run', '--rm', '--entrypoint', 'cat', `roost/${app}:${tag}`, '/app/sbom.cdx.json'),
    );
  },
  async host() {
    console.log((await Docker.open(log)).host);
  },
  async down() {
    log(Docker.stop() ? 'stopping the Docker engine' : 'no Docker engine was started');
  },
};

function known<T extends string>(names: string[], all: readonly T[], kind: string): readonly T[] {
  const unknown = names.find((name) => !all.some((it) => it === name));
  if (unknown !== undefined)
    throw new ImagesError(`There is no ${kind} "${unknown}": use ${all.join(', ')}.`);
  return names.length > 0 ? (names as T[]) : all;
}

const size = async (docker: Docker, image: string) =>
  Number(await docker.read('image', 'inspect', '--format', '{{.Size}}', image));

async function write(docker: Docker, image: string, name: string): Promise<void> {
  const folder = join(CACHE, 'images');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.tar`);
  await docker.read('save', '--output', `${file}.unfinished`, image);
  renameSync(`${file}.unfinished`, file);
}

const version = () =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    // A source archive has no history.
    return '';
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tag: { type: 'string', default: 'dev' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name, ...names] = positionals;
  if (values.help || name === undefined) return console.log(HELP);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new ImagesError(`There is no command "${name}" (see npm run images -- --help).`);
  await command({ names, tag: values.tag, save: values.save });
}

try {
  await main();
} catch (error) {
  const usage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof ImagesError || usage ? (error as Error).message : error);
  process.exitCode = usage ? 2 : 1;
}
