import { MikroORM } from '@mikro-orm/postgresql';
import { DeadLetters } from '../dead-letters.js';
import { EmbeddedBus } from '../embedded-bus.js';
import { MessagingLog } from '../messaging-log.js';
import { Transactions } from '../transactions.js';

/** Connects to the database of a service to operate on its dead letters from another process. */
export async function openDeadLetters(
  service: string,
  databaseUrl: string,
): Promise<{ deadLetters: DeadLetters; close(): Promise<void> }> {
  const orm = await MikroORM.init({
    clientUrl: databaseUrl,
    contextName: `operator of ${service}`,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    forceUtcTimezone: true,
    colors: false,
    pool: { min: 0, max: 2 },
    driverOptions: { application_name: 'roost operator', connectionTimeoutMillis: 5_000 },
  });
  const options = { service, bus: new EmbeddedBus() };
  const transactions = new Transactions(orm, options, new MessagingLog(options));
  return { deadLetters: new DeadLetters(orm, transactions), close: () => orm.close(true) };
}
