import { randomInt } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

function listen(port: number, host: string): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen({ port, host, exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * Ports above 32767 Linux lends to whoever connects somewhere or listens on any port, so that one found free there may be
 * gone before it is used. It keeps them a minute after such a connection has ended.
 */
const FIRST_LENT = 32_768;
const LENT_MS = 65_000;
const FIRST_FREE = 20_000;
const given = new Set<number>();

/** A port nobody listens on at this moment; no process is given the same one twice. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_FREE, FIRST_LENT);
    if (given.has(port)) continue;
    given.add(port);
    const bound = await listen(port, host);
    if (typeof bound === 'number') return port;
    if (bound.code !== 'EADDRINUSE' && bound.code !== 'EACCES') throw bound;
  }
}

function isListenedOn(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: host === '0.0.0.0' ? '127.0.0.1' : host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

interface PortOptions {
  host?: string;
  /** How long one who is just leaving may take. */
  patienceMs?: number;
  /** Is told of a longer wait. */
  said?: (line: string) => void;
}

/** Why this port can't be listened on, or null when it can. Waits where it is only lent to a connection. */
export async function portTaken(
  port: number,
  { host = '127.0.0.1', patienceMs = 0, said = () => undefined }: PortOptions = {},
): Promise<string | null> {
  const began = performance.now();
  let lent = false;
  for (;;) {
    const bound = await listen(port, host);
    if (typeof bound === 'number') return null;
    if (bound.code === 'EACCES') return 'this user may not listen on it';
    if (bound.code !== 'EADDRINUSE') return bound.message;
    const waited = performance.now() - began;
    if (await isListenedOn(port, host)) {
      if (waited >= patienceMs) return 'another program is listening on it';
    } else {
      if (waited >= LENT_MS) return 'a connection of another program goes out from it';
      if (!lent && waited >= patienceMs) {
        lent = true;
        said(`waiting for port ${port}: it is lent to a connection for a minute at most after that ends`);
      }
    }
    await pause(50);
  }
}
