import type { readConfig } from '@roost/platform';
import type { Service, StandaloneConfig } from './config.js';
import type { ServiceUrls } from './demo/caller.js';
import type { Composition } from './environment.js';
import type { Log } from './log.js';
import type { Shutdown } from './shutdown.js';
import type { Terminal } from './terminal.js';

/** Where services run and how their events travel: in one process, or in a process each. */
export interface Runtime {
  mode: 'embedded' | 'distributed';
  /** Runs while PostgreSQL, Redis and Kafka start. */
  prepare?(context: StartContext): Promise<void>;
  /** Starts the services and returns their addresses. The gateway starts after `beforeGateway`. */
  serve(
    context: StartContext & { composition: Composition },
    beforeGateway: (urls: ServiceUrls) => Promise<void>,
  ): Promise<RunningServer[]>;
}

export interface RunningServer {
  name: string;
  url: string;
}

export interface StartContext {
  config: ReturnType<typeof readConfig<typeof StandaloneConfig>>;
  services: readonly Service[];
  /** Whether the sandbox provider runs. */
  sandbox: boolean;
  /** The address on which the gateway listens. */
  publicHost: string;
  /** The address on which the services behind it listen. */
  host: string;
  log: Log;
  terminal: Terminal;
  shutdown: Shutdown;
}

export function urlsOf(running: readonly RunningServer[]): ServiceUrls {
  return Object.fromEntries(running.map(({ name, url }) => [name, url])) as ServiceUrls;
}
