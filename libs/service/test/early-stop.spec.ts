import { once } from 'node:events';
import { getQueueToken } from '@nestjs/bull';
import { createLogger, type Redis, Sweeper } from '@roost/platform';
import { startService } from '@roost/service';
import { startTestService, type TestService } from '@roost/testing';
import type { Queue } from 'bull';
import { notes } from './notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

type Connections = Queue & { bclient: Redis & { blocked?: boolean }; clients: Redis[] };

test('a stop while the queue connects to Redis closes everything', async () => {
  const lines: string[] = [];
  const logger = createLogger('notes', 'warn', { write: (line: string) => void lines.push(line) });
  const running = await startService(notes, { env: service.env, bus: service.bus, logger });
  const queue = running.get<Connections>(getQueueToken('notes'));
  const sweeper = running.get(Sweeper);
  const stopSweeps = sweeper.onModuleDestroy.bind(sweeper);
  // The state right after a start: the connection that waits for jobs is not established yet.
  sweeper.onModuleDestroy = async () => {
    queue.bclient.disconnect();
    await once(queue.bclient, 'end');
    queue.bclient.connect().catch(() => undefined);
    queue.bclient.blocked = true;
    const waits = queue.bclient.brpoplpush('a', 'b', 5);
    waits.catch(() => undefined);
    await stopSweeps();
  };
  await running.close();
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain(
    'application not closed',
  );
  await Promise.all(queue.clients.map((client) => (client.status === 'end' ? null : once(client, 'end'))));
  expect(queue.clients.map(({ status }) => status)).toEqual(queue.clients.map(() => 'end'));
});
