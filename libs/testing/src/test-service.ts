import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { type EventBody, type EventType, events } from '@roost/contracts';
import { EmbeddedBus, envelopeOf, EventConsumer } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { type RunningService, type ServiceDefinition, startService } from '@roost/service';
import { addDuration } from '@roost/stay';
import pg from 'pg';
import type { z } from 'zod';
import { TestClient } from './client.js';
import { migratedDatabase } from './migrated-database.js';
import { freshDatabase, freshRedis, runFolder } from './parts.js';
import { ISSUER, testJwksUrl, type TestUser } from './user.js';

export interface TestServiceOptions {
  /** In addition to the variables of every test service. */
  env?: Record<string, string>;
  /** A bus shared by several services, so that they receive each other's events. */
  bus?: EmbeddedBus;
}

export interface DeliverOptions {
  /** The aggregate's version. */
  version?: number;
  /** How often the same event (same id) is delivered. */
  times?: number;
  id?: string;
  /** The publishing service, if it differs from the one in the name of the topic. */
  source?: string;
}

type Token<T> = Type<T> | (abstract new (...args: never[]) => T) | symbol | string;

/** A running service with its own database and Redis database number. */
export class TestService {
  readonly anonymous: TestClient;
  readonly clock: TestClock;

  constructor(
    private readonly running: RunningService,
    readonly env: Readonly<Record<string, string>>,
    readonly bus: EmbeddedBus,
    private readonly database: pg.Pool,
    private readonly dataDir: string,
  ) {
    this.anonymous = new TestClient(running.url);
    this.clock = new TestClock(() => running.get(Clock));
  }

  get url(): string {
    return this.running.url;
  }

  get<T>(token: Token<T>): T {
    return this.running.get<T>(token);
  }

  as(user: TestUser): TestClient {
    return new TestClient(this.url, { authorization: `Bearer ${user.token}` });
  }

  /** Queries the database directly, for checks that share no code with the service. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.query<Row>(sql, values)).rows;
  }

  /** The tables that contain the word in any column. Encrypted and hashed values do not count. */
  async tablesWith(word: string): Promise<string[]> {
    const tables = await this.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await this.query(`SELECT FROM "${name}" t WHERE position($1 IN t::text) > 0 LIMIT 1`, [
        word,
      ]);
      if (rows.length > 0) found.push(name);
    }
    return found;
  }

  /** How many connections to the database of the service wait for a lock. */
  async lockWaits(): Promise<number> {
    const waiting = await this.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waiting.length;
  }

  /** Delivers an event through the consumer, with inbox and transaction. Throws the error of the handler. */
  async deliver<T extends EventType>(
    type: T,
    body: EventBody<T>,
    options: DeliverOptions = {},
  ): Promise<void> {
    const source = options.source ?? events[type].topic.split('.')[0] ?? '';
    const envelope = envelopeOf(type, body, {
      source,
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.version === undefined ? {} : { version: options.version }),
      time: this.clock.now(),
    });
    const consumer = this.running.get(EventConsumer);
    for (let time = 0; time < (options.times ?? 1); time++) await consumer.handle(envelope);
  }

  /** The bodies of all committed events of a type, oldest first. */
  async published<T extends EventType>(type: T): Promise<EventBody<T>[]> {
    const rows = await this.query<{ body: EventBody<T> }>(
      'SELECT body FROM outbox_event WHERE type = $1 ORDER BY xid, id',
      [type],
    );
    return rows.map((row) => row.body);
  }

  async close(): Promise<void> {
    await this.running.close();
    await this.database.end();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The domain clock of a service under test. A move also runs the jobs that have become due, before it returns. */
export class TestClock {
  constructor(private readonly clock: () => Clock) {}

  now(): Date {
    return this.clock().now();
  }

  /** `'PT15M'`, `'P3D'`, `'-PT1S'` */
  async advance(duration: string): Promise<void> {
    await this.set(addDuration(this.now(), duration));
  }

  async set(instant: Date | string): Promise<void> {
    await this.clock().moveTo(new Date(instant).getTime() - Date.now());
  }

  async reset(): Promise<void> {
    await this.clock().moveTo(0);
  }
}

export async function startTestService<C extends z.ZodObject>(
  definition: ServiceDefinition<C>,
  options: TestServiceOptions = {},
): Promise<TestService> {
  const [databaseUrl, redisUrl] = await Promise.all([
    options.env?.DATABASE_URL ??
      (definition.database === false
        ? freshDatabase(`roost_${definition.name}`)
        : migratedDatabase(definition)),
    freshRedis(),
  ]);
  const dataDir = mkdtempSync(join(runFolder(), `${definition.name}-`));
  const env = {
    ROOST_ENV: 'test',
    ROOST_MODE: 'embedded',
    ROOST_DATA_DIR: dataDir,
    BIND_HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    // Pub/sub channels are shared by all database numbers.
    REDIS_PREFIX: `roost:${new URL(redisUrl).pathname.slice(1)}`,
    PUBLIC_URL: 'http://localhost:3000',
    JWKS_URL: testJwksUrl(),
    JWT_ISSUER: ISSUER,
    ENCRYPTION_KEY: 'an-encryption-key-that-only-tests-know',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: process.env.ROOST_TEST_LOG_LEVEL ?? 'fatal',
    ...options.env,
  };
  const bus = options.bus ?? new EmbeddedBus();
  // In distributed mode the service creates its own bus.
  const running = await startService(definition, env.ROOST_MODE === 'distributed' ? { env } : { env, bus });
  const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4 });
  // A database restart in a spec ends idle connections; the pool makes new ones.
  database.on('error', () => undefined);
  return new TestService(running, env, bus, database, dataDir);
}
