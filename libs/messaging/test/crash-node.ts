/** A process of two services that ROOST_FAULT kills at a fault point: publishes `MESSAGES` numbered messages, then waits. */
import { sql } from '@mikro-orm/postgresql';
import { EmbeddedBus } from '../src/index.js';
import { MessageConsumer } from './consumers.js';
import { aMessage } from './fixtures.js';
import { startNode } from './node.js';

const { BOOKINGS_URL = '', IDENTITY_URL = '', THREAD = '', MESSAGES = '0' } = process.env;
const bus = new EmbeddedBus();
const identity = await startNode({
  service: 'identity',
  url: IDENTITY_URL,
  bus,
  controllers: [MessageConsumer],
});
const bookings = await startNode({ service: 'bookings', url: BOOKINGS_URL, bus });
for (let number = 1; number <= Number(MESSAGES); number += 1) {
  const [row] = await bookings.sql<{ next: string }>(
    `SELECT (count(*) + 1)::text AS next FROM scratch WHERE note LIKE ?`,
    [`${THREAD}%`],
  );
  const messageId = `00000000-0000-7000-8000-${String(row?.next).padStart(12, '0')}`;
  await bookings.transactions.run(async (em) => {
    await em.execute(sql`INSERT INTO scratch (note) VALUES (${`${THREAD} ${messageId}`})`);
    await bookings.outbox.add(em, 'message.sent', aMessage(THREAD, messageId));
  });
}
process.on('SIGTERM', () => {
  void Promise.all([identity.close(), bookings.close()]).then(() => process.exit(0));
});
process.stdout.write('written\n');
setInterval(() => undefined, 60_000);
