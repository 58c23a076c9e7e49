import { randomUUID } from 'node:crypto';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type EventSink,
  type EventTransport,
  KafkaBus,
  kafkaClient,
  MessagingModule,
  messagingMigrations,
  toMessages,
} from '@roost/messaging';
import pg from 'pg';

const BATCH = 500;
const errorLogger = {
  info: () => undefined,
  warn: (_: object, message: string) => console.error(message),
  error: (_: object, message: string) => console.error(message),
};

interface RelayOptions {
  url: string;
  count: number;
  rounds: number;
  kafka: { brokers: string; prefix: string };
  progress(line: string): void;
}

/** Events per second: the best round of each, as the round with the least other load on the machine. */
export interface RelayRates {
  relay: number;
  bareRead: number;
  toKafka: number;
  bareSend: number;
}

export async function measureRelay({
  url,
  count,
  rounds,
  kafka,
  progress,
}: RelayOptions): Promise<RelayRates> {
  progress(`relay: ${rounds} rounds of ${count} events`);
  const orm = await MikroORM.init(
    defineConfig({
      clientUrl: url,
      entities: [],
      extensions: [Migrator],
      discovery: { warnWhenNoEntities: false },
      migrations: { migrationsList: messagingMigrations, snapshot: false },
      logger: () => undefined,
    }),
  );
  await orm.migrator.up();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `INSERT INTO outbox_event (type, topic, key, compacted, schema_version, body)
     SELECT 'payment.captured', 'payments.payment', gen_random_uuid()::text, false, 1, jsonb_build_object('text', repeat('x', 250))
     FROM generate_series(1, $1)`,
    [count],
  );
  await client.query('VACUUM ANALYZE outbox_event');
  const best: RelayRates = { relay: 0, bareRead: 0, toKafka: 0, bareSend: 0 };
  const bus = new KafkaBus({
    service: 'payments',
    brokers: kafka.brokers.split(','),
    prefix: kafka.prefix,
    logger: errorLogger,
  });
  const [toBroker] = bus.sinks();
  if (!toBroker) throw new TypeError('A KafkaBus has one sink');
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const measurements = {
        bareRead: () => read(client),
        relay: () => relay(orm, client, count, (_, onSent) => onSent()),
        bareSend: () => send(kafka, count),
        toKafka: () => relay(orm, client, count, (event, onSent) => toBroker.send(event, onSent)),
      };
      for (const [name, measure] of Object.entries(measurements) as [
        keyof RelayRates,
        () => Promise<number>,
      ][]) {
        best[name] = Math.max(best[name], count / (await measure()));
      }
      progress(`round ${round} of ${rounds}`);
    }
  } finally {
    await bus.close();
    await client.end();
    await orm.close(true);
  }
  return best;
}

/** Seconds to read all rows in order with the driver alone. */
async function read(client: pg.Client): Promise<number> {
  const startedAt = performance.now();
  for (let last = { xid: '0', id: '00000000-0000-0000-0000-000000000000' }; ;) {
    const { rows } = await client.query<{ xid: string; id: string }>({
      name: 'bare-read',
      text: `SELECT xid::text AS xid, id, type, topic, key, aggregate_version, schema_version, traceparent, body::text AS body, created_at::text AS time
             FROM outbox_event WHERE (xid, id) > ($1::xid8, $2::uuid) ORDER BY outbox_event.xid, outbox_event.id LIMIT ${BATCH}`,
      values: [last.xid, last.id],
    });
    const end = rows.at(-1);
    if (!end) return (performance.now() - startedAt) / 1000;
    last = { xid: end.xid, id: end.id };
  }
}

/** Seconds from the first event of the relay until all events are sent. */
async function relay(
  orm: MikroORM,
  client: pg.Client,
  count: number,
  send: EventSink['send'],
): Promise<number> {
  await client.query('DELETE FROM outbox_cursor');
  let sentCount = 0;
  let firstAt = 0;
  let onAllSent = (): void => undefined;
  const allSent = new Promise<void>((resolve) => {
    onAllSent = resolve;
  });
  const sink: EventSink = {
    name: 'bench',
    wants: () => true,
    send: (event, onSent) => {
      firstAt ||= performance.now();
      send(event, () => {
        onSent();
        sentCount += 1;
        if (sentCount === count) onAllSent();
      });
    },
  };
  const bus: EventTransport = {
    sinks: () => [sink],
    onSinksChanged: () => () => undefined,
    listen: async () => async () => undefined,
  };

  @Global()
  @Module({ providers: [{ provide: MikroORM, useValue: orm }], exports: [MikroORM] })
  class DatabaseModule {}

  @Module({
    imports: [DatabaseModule, MessagingModule.forRoot({ service: 'payments', bus, logger: errorLogger })],
  })
  class BenchModule {}

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
  await allSent;
  const seconds = (performance.now() - firstAt) / 1000;
  await app.close();
  return seconds;
}

/** Seconds to send the same number of equal messages with kafkajs alone, in batches of the size of the relay. The broker acknowledges each batch. */
async function send({ brokers, prefix }: RelayOptions['kafka'], count: number): Promise<number> {
  const producer = kafkaClient({ brokers: brokers.split(','), clientId: 'bare' }).producer({
    idempotent: true,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  const messages = Array.from({ length: BATCH }, () =>
    toMessages({
      id: randomUUID(),
      type: 'payment.captured',
      source: '/payments',
      topic: 'payments.payment',
      key: randomUUID(),
      time: new Date().toISOString(),
      aggregateVersion: null,
      schemaVersion: 1,
      traceparent: null,
      data: JSON.stringify({ text: 'x'.repeat(250) }),
    }),
  ).flat();
  const startedAt = performance.now();
  for (let sent = 0; sent < count; sent += BATCH) {
    await producer.send({ topic: `${prefix}payments.payment`, messages: messages.slice(0, count - sent) });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await producer.disconnect();
  return seconds;
}
