/** The service of bench:events: publishes the events of each order on stdin (producer), or consumes them (consumer). */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { defineConfig, EntityManager, MikroORM, sql } from '@mikro-orm/postgresql';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { Controller, Global, Inject, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { EventBody } from '@roost/contracts';
import {
  connectEvents,
  EmbeddedBus,
  type EventTransport,
  KafkaBus,
  MessagingModule,
  messagingMigrations,
  OnEvent,
  Outbox,
  Transactions,
} from '@roost/messaging';

const { MODE = '', BROKERS = '', PREFIX = '', BOOKINGS_URL = '', IDENTITY_URL = '' } = process.env;
const errorLogger = {
  info: () => undefined,
  warn: (_: object, message: string) => console.error(message),
  error: (fields: object, message: string) => console.error(message, fields),
};
const writeLine = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
/** Milliseconds of the monotonic clock, which all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

class Migration0001Handled extends Migration {
  override up(): void {
    this.addSql(
      'CREATE TABLE handled (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
  }
}

const pending = new Map<string, (at: number) => void>();

/** Inserts one row per event. */
@Controller()
class BenchConsumer {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @OnEvent('message.sent')
  async insertHandled(body: EventBody<'message.sent'>): Promise<void> {
    await this.transactions.run(async (em) => {
      await em.execute(sql`INSERT INTO handled (id) VALUES (${body.messageId})`);
    });
    this.transactions.afterCommit(() => {
      pending.get(body.messageId)?.(now());
      if (MODE === 'consumer') writeLine({ handled: body.messageId, at: now() });
    });
  }
}

async function start(service: string, url: string, bus: EventTransport, controllers: Type[]) {
  const orm = await MikroORM.init(
    defineConfig({
      clientUrl: url,
      entities: [],
      extensions: [Migrator],
      discovery: { warnWhenNoEntities: false },
      migrations: { migrationsList: [...messagingMigrations, Migration0001Handled], snapshot: false },
      pool: { min: 1, max: 10 },
      logger: () => undefined,
    }),
  );
  await orm.migrator.up();

  @Global()
  @Module({
    providers: [
      { provide: MikroORM, useValue: orm },
      { provide: EntityManager, useValue: orm.em },
    ],
    exports: [MikroORM, EntityManager],
  })
  class DatabaseModule {}

  @Module({
    imports: [DatabaseModule, MessagingModule.forRoot({ service, bus, logger: errorLogger })],
    controllers,
  })
  class BenchModule {}

  const app = await NestFactory.create(BenchModule, new FastifyAdapter(), { logger: false });
  connectEvents(app);
  await app.startAllMicroservices();
  await app.init();
  return app;
}

const kafkaBus = (service: string) =>
  new KafkaBus({ service, brokers: BROKERS.split(','), prefix: PREFIX, logger: errorLogger });
const embedded = new EmbeddedBus();
const consumers = [BenchConsumer];
if (MODE === 'embedded' || MODE === 'consumer') {
  await start('identity', IDENTITY_URL, MODE === 'embedded' ? embedded : kafkaBus('identity'), consumers);
}
if (MODE === 'embedded' || MODE === 'producer') {
  const bus = MODE === 'embedded' ? embedded : kafkaBus('bookings');
  const app = await start('bookings', BOOKINGS_URL, bus, []);
  const [transactions, outbox] = [app.get(Transactions), app.get(Outbox)];
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { count, everyMs } = JSON.parse(line) as { count: number; everyMs: number };
    void publish(count, everyMs);
  });

  const publish = async (count: number, everyMs: number): Promise<void> => {
    const startedAt = performance.now();
    for (let number = 0; number < count; number += 1) {
      await pause(Math.max(0, startedAt + number * everyMs - performance.now()));
      const messageId = randomUUID();
      const body = {
        messageId,
        threadId: randomUUID(),
        bookingId: null,
        senderId: randomUUID(),
        recipientId: randomUUID(),
      };
      if (MODE === 'embedded') pending.set(messageId, (at) => writeLine({ handled: messageId, at }));
      await transactions.run((em) => outbox.add(em, 'message.sent', body));
      writeLine({ committed: messageId, at: now() });
    }
  };
}
process.stdin.on('end', () => process.exit(0)).resume();
writeLine({ ready: true });
