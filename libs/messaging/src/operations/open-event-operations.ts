import { MikroORM } from '@mikro-orm/postgresql';
import { DeadLetters } from '../dead-letters.js';
import { EmbeddedBus } from '../embedded-bus.js';
import { MessagingLog } from '../messaging-log.js';
import { Transactions } from '../transactions.js';
import { OutboxOperations } from './outbox-operations.js';

export interface EventOperations {
  readonly deadLetters: DeadLetters;
  readonly outbox: OutboxOperations;
  readonly transactions: Transactions;
  close(): Promise<void>;
}

/** Connects to the database of a service to operate on its outbox and dead letters from another process. */
export async function openEventOperations(service: string, databaseUrl: string): Promise<EventOperations> {
  const orm = await MikroORM.init({
    clientUrl: databaseUrl,
    contextName: `operator of ${service}`,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    forceUtcTimezone: true,
    colors: false,
    pool: { min: 0, max: 2 },
    driverOptions: {
      application_name: 'roost operator',
      connectionTimeoutMillis: 5_000,
      statement_timeout: 60_000,
    },
  });
  const options = { service, bus: new EmbeddedBus() };
  const transactions = new Transactions(orm, options, new MessagingLog(options));
  return {
    deadLetters: new DeadLetters(orm, transactions),
    outbox: new OutboxOperations(orm, transactions),
    transactions,
    close: () => orm.close(true),
  };
}
