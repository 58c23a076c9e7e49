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
 * Linux assigns ephemeral ports, above 32767, to outgoing connections and to servers that listen on any port. A port that
 * is free there may be taken before it is used, and stays taken for a minute after such a connection has ended.
 */
const FIRST_EPHEMERAL = 32_768;
const EPHEMERAL_RELEASE_MS = 65_000;
const LOOK_EVERY_MS = 50;
const FIRST_FREE = 20_000;
const returned = new Set<number>();

/** A port below `end` on which no server listens at this moment. Returns no port twice in one process. */
export async function freePort(first = FIRST_FREE, end = FIRST_EPHEMERAL): Promise<number> {
  for (;;) {
    const port = randomInt(first, end);
    if (returned.has(port)) continue;
    returned.add(port);
    const bound = await listen(port, '127.0.0.1');
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
  /** How long to wait for a server that is stopping. */
  patienceMs?: number;
  /** Prints one line if the wait for a connection is long. */
  log?: (line: string) => void;
}

/** Why a server can't listen on this port; null if it can. Waits while only a connection uses the port. */
export async function portTaken(
  port: number,
  { host = '127.0.0.1', patienceMs = 0, log = () => undefined }: PortOptions = {},
): Promise<string | null> {
  // Counted in looks: while the event loop is blocked, time passes without one.
  let waited = 0;
  let isLogged = false;
  for (;;) {
    const bound = await listen(port, host);
    if (typeof bound === 'number') return null;
    if (bound.code === 'EACCES') return 'this user may not listen on it';
    if (bound.code !== 'EADDRINUSE') return bound.message;
    if (await isListenedOn(port, host)) {
      if (waited >= patienceMs) return 'another program is listening on it';
    } else {
      if (waited >= EPHEMERAL_RELEASE_MS) return 'a connection of another program goes out from it';
      if (!isLogged && waited >= patienceMs) {
        isLogged = true;
        log(
          `waiting for port ${port}: an outgoing connection uses it, for at most a minute after that has ended`,
        );
      }
    }
    await pause(LOOK_EVERY_MS);
    waited += LOOK_EVERY_MS;
  }
}
