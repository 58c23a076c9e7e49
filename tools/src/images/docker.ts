import { execFile, spawn, type StdioOptions } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ImagesError } from './images-error.js';
import { need } from './system-packages.js';

const run = promisify(execFile);

const START_SECONDS = 30;
const PULL_SECONDS = 600;

/** Where tools of this machine keep what they build, outside of the checkout. */
export const CACHE = process.env.ROOST_LAB_CACHE?.trim() || '/var/cache/roost-lab';

const ENGINE = join(CACHE, 'docker');
const SOCKET = join(ENGINE, 'd.sock');
const PID = join(ENGINE, 'd.pid');

/** The docker program of the distribution: a newer one that comes first on PATH may lack its build plug-in. */
const program = () => (existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker');

/** A Docker engine that answers. */
export class Docker {
  private constructor(private readonly env: NodeJS.ProcessEnv) {}

  /**
   * The engine of DOCKER_HOST or of this machine; else one of our own, which does not touch the packet filter, on a socket
   * in the cache.
   */
  static async open(log: (line: string) => void): Promise<Docker> {
    await need(['docker'], log);
    const env: NodeJS.ProcessEnv = { ...process.env, DOCKER_BUILDKIT: '1' };
    const given = new Docker(env);
    if (await given.answers()) return given;
    if (env.DOCKER_HOST?.trim()) {
      throw new ImagesError(
        `No Docker engine answers at ${env.DOCKER_HOST}: start it, or unset DOCKER_HOST.`,
      );
    }
    const own = new Docker({ ...env, DOCKER_HOST: `unix://${SOCKET}` });
    if (await own.answers()) return own;
    await need(['dockerd'], log);
    log(`starting a Docker engine at unix://${SOCKET}`);
    startEngine();
    for (let tenths = 0; tenths < START_SECONDS * 10; tenths++) {
      if (await own.answers()) return own;
      await pause(100);
    }
    throw new ImagesError(`The Docker engine did not start: see ${join(ENGINE, 'dockerd.log')}.`);
  }

  /** Stops the engine that `open` has started. */
  static stop(): boolean {
    if (!existsSync(PID)) return false;
    process.kill(Number(readFileSync(PID, 'utf8')), 'SIGTERM');
    return true;
  }

  get host(): string {
    return this.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  }

  /** Standard output of a command. Throws with its last lines. */
  async read(...args: string[]): Promise<string> {
    try {
      const { stdout } = await run(program(), args, { env: this.env, maxBuffer: 64 * 1024 * 1024 });
      return stdout.trim();
    } catch (error) {
      const { stderr = '', message } = error as { stderr?: string; message: string };
      const lines = stderr.trim().split('\n').slice(-20).join('\n');
      throw new ImagesError(`docker ${args[0]} failed: ${lines || message}`);
    }
  }

  async has(image: string): Promise<boolean> {
    return this.read('image', 'inspect', image).then(
      () => true,
      () => false,
    );
  }

  /** Fetches an image; false if no registry has it for us. */
  async pull(image: string): Promise<boolean> {
    return run(program(), ['pull', '--quiet', image], { env: this.env, timeout: PULL_SECONDS * 1000 }).then(
      () => true,
      () => false,
    );
  }

  /** Builds an image, on the network of this machine. Prints what fails. */
  async build(options: {
    context: string;
    file?: string;
    tag: string;
    args?: Readonly<Record<string, string>>;
  }): Promise<void> {
    const { context, file, tag, args = {} } = options;
    const authority = process.env.NODE_EXTRA_CA_CERTS;
    await this.read(
      ...['build', '--progress', 'plain', '--network', 'host', '--tag', tag],
      ...(file ? ['--file', file] : []),
      ...(authority ? ['--secret', `id=ca,src=${authority}`] : []),
      ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      context,
    );
  }

  private async answers(): Promise<boolean> {
    return run(program(), ['version'], { env: this.env }).then(
      () => true,
      () => false,
    );
  }
}

function startEngine(): void {
  for (const folder of ['data', 'exec']) mkdirSync(join(ENGINE, folder), { recursive: true });
  rmSync(PID, { force: true });
  const log = openSync(join(ENGINE, 'dockerd.log'), 'a');
  const stdio: StdioOptions = ['ignore', log, log];
  const engine = spawn(
    'dockerd',
    [
      ...['--data-root', join(ENGINE, 'data'), '--exec-root', join(ENGINE, 'exec'), '--pidfile', PID],
      // Its bridge must not meet the networks of a cluster, and its rules not those of kube-proxy.
      ...['--host', `unix://${SOCKET}`, '--bip', '172.29.77.1/24', '--iptables=false'],
    ],
    { detached: true, stdio },
  );
  engine.on('error', () => {
    // The caller reports that no engine answers.
  });
  engine.unref();
}
