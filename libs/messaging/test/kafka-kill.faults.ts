import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runsAllFaults, eventually, freshDatabase } from '@roost/testing';
import pg from 'pg';
import { aMessage, aRating } from './fixtures.js';
import { kafkaWithTopics, startKafkaNode, type KafkaNode, type TestKafka } from './kafka-node.js';

const root = join(import.meta.dirname, '../../..');

/** The long version is for acceptance tests. Each kill happens shortly after the group has rebalanced. */
const SIZE = runsAllFaults
  ? { keys: 100, versions: 500, killEveryMs: 10_000, sessionMs: 0, killsPerPhase: 3, withinSeconds: 900 }
  : { keys: 20, versions: 60, killEveryMs: 4_000, sessionMs: 1_500, killsPerPhase: 1, withinSeconds: 240 };

describe('consumers that are added, removed and killed', () => {
  let kafka: TestKafka;
  let identityUrl: string;
  let identity: pg.Client;
  let reviews: KafkaNode;
  let bookings: KafkaNode;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    kafka = await kafkaWithTopics();
    identityUrl = await freshDatabase('identity');
    [reviews, bookings] = await Promise.all([
      startKafkaNode({ kafka, service: 'reviews', url: await freshDatabase('reviews') }),
      startKafkaNode({ kafka, service: 'bookings', url: await freshDatabase('bookings') }),
    ]);
    await start();
    identity = new pg.Client({ connectionString: identityUrl });
    await identity.connect();
    // One row per applied version, so that a decreasing version is visible.
    await identity.query(`
      CREATE TABLE applied (at bigint GENERATED ALWAYS AS IDENTITY, key text, version bigint);
      CREATE FUNCTION record_applied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO applied (key, version) VALUES (NEW.key, NEW.version); RETURN NULL; END $$;
      CREATE TRIGGER applied AFTER INSERT OR UPDATE ON mirror FOR EACH ROW EXECUTE FUNCTION record_applied()`);
  }, 120_000);
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await identity.end();
    await Promise.all([reviews.close(), bookings.close()]);
  });

  async function start(): Promise<void> {
    const worker = spawn(
      process.execPath,
      [
        '--conditions=@roost/source',
        '--import',
        './tools/register.js',
        join(import.meta.dirname, 'kafka-worker.ts'),
      ],
      {
        cwd: root,
        env: {
          ...process.env,
          IDENTITY_URL: identityUrl,
          BROKERS: kafka.brokers,
          PREFIX: kafka.prefix,
          SESSION_MS: SIZE.sessionMs ? String(SIZE.sessionMs) : '',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    workers.push(worker);
    await once(worker.stdout as NodeJS.ReadableStream, 'data');
  }

  async function kill(): Promise<void> {
    const worker = workers.shift();
    if (!worker) throw new Error('No worker is running');
    worker.kill('SIGKILL');
    expect(await once(worker, 'exit')).toEqual([null, 'SIGKILL']);
  }

  async function resize(count: number): Promise<void> {
    while (workers.length > count) await kill();
    await Promise.all(Array.from({ length: count - workers.length }, start));
  }

  const serial = (version: number): string => `00000000-0000-7000-8000-${String(version).padStart(12, '0')}`;

  /** Publishes a state event and a fact for every version of every key. */
  async function publish(keys: readonly string[]): Promise<void> {
    for (let version = 1; version <= SIZE.versions; version += 1) {
      await Promise.all([
        reviews.transactions.run((em) =>
          reviews.outbox.addAll(
            em,
            'rating.changed',
            keys.map((key) => ({ body: aRating(key, version), version })),
          ),
        ),
        bookings.transactions.run((em) =>
          bookings.outbox.addAll(
            em,
            'message.sent',
            keys.map((key) => ({ body: aMessage(key, serial(version)) })),
          ),
        ),
      ]);
    }
  }

  test(
    'apply every event once and in order per key',
    async () => {
      const keys = Array.from({ length: SIZE.keys }, () => randomUUID());
      const published = publish(keys);
      for (const count of [1, 4, 3, 1]) {
        await resize(count);
        for (let kills = 0; kills < SIZE.killsPerPhase; kills += 1) {
          // The interval between kills; it waits for no condition.
          await pause(SIZE.killEveryMs);
          await kill();
          await start();
        }
      }
      await published;
      const expected = SIZE.keys * SIZE.versions;
      await eventually(
        async () => {
          const { rows } = await identity.query<{ count: number }>(
            'SELECT count(*)::int AS count FROM effect',
          );
          expect(rows[0]?.count).toBe(expected);
        },
        { seconds: SIZE.withinSeconds },
      );
      await eventually(
        async () => {
          const { rows } = await identity.query<{ key: string; version: number }>(
            'SELECT key, version::int AS version FROM mirror',
          );
          expect(rows).toHaveLength(SIZE.keys);
          for (const { version } of rows) expect(version).toBe(SIZE.versions);
        },
        { seconds: SIZE.withinSeconds },
      );

      const all = Array.from({ length: SIZE.versions }, (_, index) => index + 1);
      for (const key of keys) {
        const { rows: facts } = await identity.query<{ note: string }>(
          'SELECT note FROM effect WHERE key = $1 ORDER BY at',
          [key],
        );
        expect(facts.map(({ note }) => Number(note.slice(-12)))).toEqual(all);
        const { rows: states } = await identity.query<{ version: number }>(
          'SELECT version::int AS version FROM applied WHERE key = $1 ORDER BY at',
          [key],
        );
        const versions = states.map(({ version }) => version);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      }
      const { rows: deadLetters } = await identity.query('SELECT code FROM dead_letter');
      expect(deadLetters).toEqual([]);
    },
    (SIZE.withinSeconds + 300) * 1000,
  );
});
