import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { portTaken } from '../src/index.js';
import { occupied } from './holding.js';

test('a free port', async () => {
  const port = await occupied(async (used) => used);
  expect(await portTaken(port)).toBeNull();
});

test('a port on which somebody listens', async () => {
  await occupied(async (port) => {
    expect(await portTaken(port)).toBe('another program is listening on it');
  });
});

test('a port that is lent to a connection is waited for, and that is said', async () => {
  // The reset below is no error of its other end.
  const server = createServer((socket) => socket.resume().on('error', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  const port = client.localPort ?? 0;
  const said: string[] = [];
  const taken = portTaken(port, {
    said: (line) => {
      said.push(line);
      // Without the minute that Linux keeps it after an orderly end.
      client.resetAndDestroy();
    },
  });
  expect(await taken).toBeNull();
  expect(said).toEqual([
    `waiting for port ${port}: it is lent to a connection for a minute at most after that ends`,
  ]);
  server.close();
});
