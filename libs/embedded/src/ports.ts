import { createServer, type AddressInfo } from 'node:net';
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

/** A port nobody listens on at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const bound = await listen(0, host);
  if (typeof bound === 'number') return bound;
  throw bound;
}

/**
 * Why this port can't be listened on, or null when it can. `patienceMs`: how long one who is just leaving may take.
 */
export async function portTaken(port: number, host = '127.0.0.1', patienceMs = 0): Promise<string | null> {
  const deadline = performance.now() + patienceMs;
  let bound = await listen(port, host);
  while (typeof bound !== 'number' && bound.code === 'EADDRINUSE' && performance.now() < deadline) {
    await pause(50);
    bound = await listen(port, host);
  }
  if (typeof bound === 'number') return null;
  if (bound.code === 'EADDRINUSE') return 'another program is listening on it';
  if (bound.code === 'EACCES') return 'this user may not listen on it';
  return bound.message;
}
