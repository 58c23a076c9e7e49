import { portTaken } from '@roost/embedded';
import { StartError } from '@roost/platform/start';
import { type Addresses, DEFAULT_METRICS_PORT, portOf } from './environment.js';
import type { Runtime, StartContext } from './runtime.js';

/** A port on which a server will listen. */
export interface RequiredPort {
  /** The server. */
  name: string;
  port: number;
  /** The variable that sets the port. */
  variable: string;
  host: string;
}

interface PortsOptions {
  addresses: Addresses;
  /** Whether this process starts Redis. */
  ownRedis: boolean;
  mode: Runtime['mode'];
}

/** Every port on which a start will listen. */
export function portsOf(
  { config, services, sandbox, host, publicHost }: StartContext,
  { addresses, ownRedis, mode }: PortsOptions,
): RequiredPort[] {
  const ports: RequiredPort[] = services.map((name) => ({
    name,
    port: portOf(addresses[name]),
    variable: name === 'gateway' ? 'PORT' : `${name.toUpperCase()}_URL`,
    host: name === 'gateway' ? publicHost : host,
  }));
  const add = (name: string, variable: string, port: number, address = '127.0.0.1') =>
    ports.push({ name, port, variable, host: address });
  if (services.includes('gateway'))
    add('metrics of the gateway', 'METRICS_PORT', config.METRICS_PORT ?? DEFAULT_METRICS_PORT);
  if (sandbox) add('sandbox', 'SANDBOX_URL', portOf(addresses.sandbox), host);
  if (!config.DATABASE_URL) add('PostgreSQL', 'POSTGRES_PORT', config.POSTGRES_PORT);
  if (ownRedis) add('Redis', 'REDIS_PORT', config.REDIS_PORT);
  if (mode === 'distributed' && !config.KAFKA_BROKERS) add('Kafka', 'KAFKA_PORT', config.KAFKA_PORT);
  return ports;
}

/** Throws a StartError that names every unusable port, before a server starts. Waits for ports after a crash. */
export async function checkPorts(
  required: RequiredPort[],
  { afterCrash, log }: { afterCrash: boolean; log: (line: string) => void },
): Promise<void> {
  const used = new Map<number, string>();
  for (const { name, port, variable } of required) {
    const other = port === 0 ? undefined : used.get(port);
    if (other) throw new StartError(`${name} and ${other} are both set to port ${port}: change ${variable}.`);
    used.set(port, name);
  }
  const taken: (Omit<RequiredPort, 'host'> & { reason: string })[] = [];
  await Promise.all(
    required.map(async ({ name, port, variable, host }) => {
      const reason =
        port === 0 ? null : await portTaken(port, { host, patienceMs: afterCrash ? 3_000 : 0, log });
      if (reason) taken.push({ name, port, variable, reason });
    }),
  );
  const [first, ...others] = taken.toSorted((a, b) => a.port - b.port);
  if (!first) return;
  if (others.length === 0) {
    const { name, port, variable, reason } = first;
    throw new StartError(
      `Port ${port} (${name}) can't be used: ${reason}; stop that program, or set ${variable} to another.`,
    );
  }
  const list = [first, ...others].map(({ name, port }) => `${port} (${name})`).join(', ');
  const variables = [first, ...others].map(({ variable }) => variable).join(', ');
  throw new StartError(
    `Ports ${list} can't be used: ${first.reason}. Is another Roost running? Stop it, or set ${variables} to others.`,
  );
}
