/** One end of the benchmark of events, in a process of its own: publishes what it is told to, or handles what comes. */
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
const quiet = {
  info: () => undefined,
  warn: (_: object, message: string) => console.error(message),
  error: (fields: object, message: string) => console.error(message, fields),
};
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
/** The clock that all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

class Migration0001Handled extends Migration {
  override up(): void {
    this.addSql(
      'CREATE TABLE handled (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
  }
}

const waiting = new Map<string, (at: number) => void>();

/** The least that a consumer does: one row. */
@Controller()
class BenchConsumer {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @OnEvent('message.sent')
  async sent(body: EventBody<'message.sent'>): Promise<void> {
    await this.transactions.run(async (em) => {
      await em.execute(sql`INSERT INTO handled (id) VALUES (${body.messageId})`);
    });
    this.transactions.afterCommit(() => {
      waiting.get(body.messageId)?.(now());
      if (MODE === 'consumer') say({ handled: body.messageId, at: now() });
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
    imports: [DatabaseModule, MessagingModule.forRoot({ service, bus, logger: quiet })],
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
  new KafkaBus({ service, brokers: BROKERS.split(','), prefix: PREFIX, logger: quiet });
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
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      await pause(Math.max(0, begin + number * everyMs - performance.now()));
      const messageId = randomUUID();
      const body = {
        messageId,
        threadId: randomUUID(),
        bookingId: null,
        senderId: randomUUID(),
        recipientId: randomUUID(),
      };
      if (MODE === 'embedded') waiting.set(messageId, (at) => say({ handled: messageId, at }));
      await transactions.run((em) => outbox.add(em, 'message.sent', body));
      say({ committed: messageId, at: now() });
    }
  };
}
process.stdin.on('end', () => process.exit(0)).resume();
say({ ready: true });
