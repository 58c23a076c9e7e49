import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Docker } from './docker.js';
import { need } from './system-packages.js';

const run = promisify(execFile);

/** The system of docker/compose.yaml, as a project of its own. */
export class Compose {
  constructor(
    private readonly docker: Docker,
    private readonly root: string,
    private readonly project: string,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  async up(...services: string[]): Promise<void> {
    await this.run('up', '--detach', ...services);
  }

  async down(): Promise<void> {
    await this.run('down', '--volumes', '--timeout', '35');
  }

  async stop(service: string): Promise<void> {
    await this.run('stop', '--timeout', '35', service);
  }

  async start(service: string): Promise<void> {
    await this.run('start', service);
  }

  /** The names of the services whose container runs. */
  async running(): Promise<string[]> {
    const lines = await this.docker.read(
      ...['ps', '--filter', `label=com.docker.compose.project=${this.project}`],
      ...['--format', '{{.Label "com.docker.compose.service"}}'],
    );
    return lines.split('\n').filter(Boolean).sort();
  }

  async container(service: string): Promise<string> {
    return this.docker.read(
      ...['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${this.project}`],
      ...['--filter', `label=com.docker.compose.service=${service}`],
    );
  }

  get network(): string {
    return `${this.project}_default`;
  }

  private async run(...args: string[]): Promise<void> {
    const file = join(this.root, 'docker/compose.yaml');
    const env = {
      ...process.env,
      ...this.variables,
      DOCKER_HOST: this.docker.host,
      COMPOSE_PROJECT_NAME: this.project,
    };
    const [program, ...first] = await composeProgram();
    try {
      await run(program, [...first, '--file', file, ...args], { env, maxBuffer: 64 * 1024 * 1024 });
    } catch (error) {
      const { stderr = '', message } = error as { stderr?: string; message: string };
      const lines = stderr.trim().split('\n').slice(-30).join('\n');
      throw new Error(`docker compose ${args[0]} failed:\n${lines || message}`, { cause: error });
    }
  }
}

/** Version 2 is a plug-in of docker; Debian 12 has version 1. */
async function composeProgram(): Promise<[string, ...string[]]> {
  return run('docker', ['compose', 'version']).then(
    () => ['docker', 'compose'],
    async () => {
      await need(['docker-compose'], () => undefined);
      return ['docker-compose'];
    },
  );
}
