import { defineConfig, EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { Global, Module, type INestApplication, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  connectEvents,
  DeadLetters,
  EventConsumer,
  messagingMigrations,
  MessagingModule,
  Outbox,
  OutboxOperations,
  Transactions,
  type EventTransport,
  type MessagingOptions,
} from '../src/index.js';

/** The tables of the test handlers: one row per effect, and a mirror of a state topic. */
export class Migration0001Effects extends Migration {
  override up(): void {
    this.addSql(
      `CREATE TABLE effect (at bigint GENERATED ALWAYS AS IDENTITY, event_id uuid, key text, note text)`,
    );
    this.addSql(`CREATE TABLE mirror (key text PRIMARY KEY, version bigint NOT NULL, count int NOT NULL)`);
    this.addSql(`CREATE TABLE aggregate (id uuid PRIMARY KEY, version bigint NOT NULL)`);
    this.addSql(`CREATE TABLE scratch (id uuid DEFAULT uuidv7(), note text)`);
  }
}

export interface Node {
  readonly service: string;
  readonly app: INestApplication;
  readonly em: EntityManager;
  readonly transactions: Transactions;
  readonly outbox: Outbox;
  readonly consumer: EventConsumer;
  readonly deadLetters: DeadLetters;
  readonly outboxOperations: OutboxOperations;
  sql<T extends object>(query: string, params?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export interface NodeOptions extends Partial<MessagingOptions> {
  service: string;
  url: string;
  bus: EventTransport;
  controllers?: Type[];
  poolSize?: number;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Starts a service that has only a database and events, in a Nest container of its own, as the standalone process does. */
export async function startNode({
  url,
  controllers = [],
  poolSize = 10,
  ...options
}: NodeOptions): Promise<Node> {
  const orm = await MikroORM.init(
    defineConfig({
      clientUrl: url,
      entities: [],
      extensions: [Migrator],
      discovery: { warnWhenNoEntities: false },
      migrations: { migrationsList: [...messagingMigrations, Migration0001Effects], snapshot: false },
      pool: { min: 0, max: poolSize },
      logger: () => undefined,
    }),
  );
  await orm.migrator.up();

  @Global()
  @Module({ providers: [{ provide: MikroORM, useValue: orm }], exports: [MikroORM] })
  class DatabaseModule implements OnApplicationShutdown {
    async onApplicationShutdown(): Promise<void> {
      await orm.close(true);
    }
  }

  @Module({
    imports: [DatabaseModule, MessagingModule.forRoot({ logger: silent, ...options })],
    controllers,
  })
  class NodeModule {}

  const app = await NestFactory.create(NodeModule, new FastifyAdapter(), { logger: false });
  connectEvents(app);
  await app.startAllMicroservices();
  await app.init();
  return {
    service: options.service,
    app,
    em: orm.em.fork(),
    transactions: app.get(Transactions),
    outbox: app.get(Outbox),
    consumer: app.get(EventConsumer),
    deadLetters: app.get(DeadLetters),
    outboxOperations: app.get(OutboxOperations),
    sql: (query, params = []) => orm.em.fork().execute(query, params),
    close: () => app.close(),
  };
}

/** A promise that a test resolves with `open`. */
export function aGate(): { passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
