import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createLogger, connectRedis } from '@roost/platform';
import { freshRedis } from '@roost/testing';

const logger = createLogger('spec', 'silent');

test('connects although the event loop is blocked for longer than the time limit', async () => {
  const connected = connectRedis(await freshRedis(), 'spec', logger);
  // Until the connection is being opened, and without a poll for I/O, which would find it open.
  for (let ticks = 0; ticks < 50; ticks += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_200);
  const redis = await connected;
  expect(await redis.ping()).toBe('PONG');
  redis.disconnect();
});

test('rejects an address without a server', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await expect(connectRedis(`redis://127.0.0.1:${port}`, 'spec', logger)).rejects.toThrow('ECONNREFUSED');
});
