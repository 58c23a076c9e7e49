import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { EventEnvelope } from './envelope.js';
import { errorCode, errorDetail } from './errors.js';
import { Transactions } from './transactions.js';

export interface DeadLetter extends EventEnvelope {
  readonly position: string;
  /** Null: nothing is wrong with this one, it waits behind one that failed. */
  readonly code: string | null;
  readonly detail: string | null;
  readonly tries: number;
  readonly parkedAt: Date;
  readonly redriveAt: Date | null;
}

/** Which dead letters: one by its event id, those of a key, or all. */
export interface DeadLetterFilter {
  id?: string;
  topic?: string;
  key?: string;
}

const LETTER = `
  position::text AS position, event_id AS id, type, source, topic, key, occurred_at AS time, schema_version AS "schemaVersion",
  aggregate_version::int8 AS "aggregateVersion", traceparent, data, code, detail, tries, parked_at AS "parkedAt", redrive_at AS "redriveAt"`;

type LetterRow = Omit<DeadLetter, 'time' | 'aggregateVersion'> & {
  time: Date;
  aggregateVersion: string | number | null;
};

function toLetter(row: LetterRow): DeadLetter {
  return {
    ...row,
    time: new Date(row.time).toISOString(),
    aggregateVersion: row.aggregateVersion === null ? null : Number(row.aggregateVersion),
  };
}

/** Whoever adds to a key's queue or takes from it holds this lock, so that nothing slips behind a queue just emptied. */
export async function lockKey(em: EntityManager, topic: string, key: string): Promise<void> {
  await em.execute(`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, [`dead-letter:${topic}:${key}`]);
}

export async function nextOfKey(em: EntityManager, topic: string, key: string): Promise<DeadLetter | null> {
  const [row] = await em.execute<LetterRow[]>(
    `SELECT ${LETTER} FROM dead_letter WHERE topic = ? AND key = ? ORDER BY dead_letter.position LIMIT 1`,
    [topic, key],
  );
  return row ? toLetter(row) : null;
}

/** `failure` absent: the event waits behind one that failed, and shares its redrive. False: it lay there already. */
export async function bury(
  em: EntityManager,
  event: EventEnvelope,
  failure?: { error: unknown; tries: number },
): Promise<boolean> {
  const { affectedRows } = await em.execute<{ affectedRows: number }>(
    `INSERT INTO dead_letter
       (event_id, topic, key, type, source, occurred_at, aggregate_version, schema_version, traceparent, data, code, detail, tries, redrive_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
       (SELECT redrive_at FROM dead_letter WHERE topic = ? AND key = ? ORDER BY dead_letter.position LIMIT 1))
     ON CONFLICT (event_id) DO NOTHING`,
    [
      event.id,
      event.topic,
      event.key,
      event.type,
      event.source,
      event.time,
      event.aggregateVersion,
      event.schemaVersion,
      event.traceparent,
      event.data,
      failure ? errorCode(failure.error) : null,
      failure ? errorDetail(failure.error) : null,
      failure?.tries ?? 0,
      event.topic,
      event.key,
    ],
    'run',
  );
  return affectedRows > 0;
}

/** Events that could not be handled, and those that wait behind them. For operators. */
@Injectable()
export class DeadLetters {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
  ) {}

  /** In the order in which they will be handled. */
  async list(filter: DeadLetterFilter = {}, limit = 100): Promise<DeadLetter[]> {
    const { sql, params } = where(filter);
    const rows = await this.orm.em
      .fork()
      .execute<LetterRow[]>(
        `SELECT ${LETTER} FROM dead_letter WHERE ${sql} ORDER BY dead_letter.position LIMIT ?`,
        [...params, limit],
      );
    return rows.map(toLetter);
  }

  /**
   * Asks the service (this process or another) to handle the keys of these letters again, each key in order.
   * Gives back how many letters that concerns.
   */
  async redrive(filter: DeadLetterFilter = {}): Promise<number> {
    const { sql, params } = where(filter);
    return this.transactions.run(
      async (em) => {
        const rows = await em.execute<unknown[]>(
          `UPDATE dead_letter SET redrive_at = clock_timestamp()
           WHERE (topic, key) IN (SELECT topic, key FROM dead_letter WHERE ${sql}) RETURNING 1`,
          params,
        );
        return rows.length;
      },
      { isolation: 'read committed' },
    );
  }

  /** Gives one event up: it counts as handled, and those that only waited behind it go on. False when there is none. */
  async discard(id: string): Promise<boolean> {
    return this.transactions.run(
      async (em) => {
        const [found] = await em.execute<{ topic: string; key: string }[]>(
          `SELECT topic, key FROM dead_letter WHERE event_id = ?`,
          [id],
        );
        if (!found) return false;
        await lockKey(em, found.topic, found.key);
        await em.execute(
          `WITH gone AS (DELETE FROM dead_letter WHERE event_id = ? RETURNING event_id, type)
           INSERT INTO inbox_event (event_id, type, compacted, discarded)
           SELECT event_id, type, true, true FROM gone ON CONFLICT (event_id) DO NOTHING`,
          [id],
          'run',
        );
        const next = await nextOfKey(em, found.topic, found.key);
        if (next?.code === null) await markForRedrive(em, found.topic, found.key);
        return true;
      },
      { isolation: 'read committed' },
    );
  }
}

async function markForRedrive(em: EntityManager, topic: string, key: string): Promise<void> {
  await em.execute(
    `UPDATE dead_letter SET redrive_at = clock_timestamp() WHERE topic = ? AND key = ?`,
    [topic, key],
    'run',
  );
}

/** A redrive failed: the key is not to be redriven any more. */
export async function endRedrive(
  em: EntityManager,
  event: EventEnvelope,
  error: unknown,
  tries: number,
): Promise<void> {
  await lockKey(em, event.topic, event.key);
  await em.execute(
    `UPDATE dead_letter SET redrive_at = NULL WHERE topic = ? AND key = ?`,
    [event.topic, event.key],
    'run',
  );
  await em.execute(
    `UPDATE dead_letter SET code = ?, detail = ?, tries = tries + ? WHERE event_id = ?`,
    [errorCode(error), errorDetail(error), tries, event.id],
    'run',
  );
}

export async function keysToRedrive(em: EntityManager): Promise<{ topic: string; key: string }[]> {
  return em.execute<{ topic: string; key: string }[]>(
    `SELECT topic, key FROM dead_letter WHERE redrive_at IS NOT NULL GROUP BY topic, key ORDER BY min(position) LIMIT 100`,
  );
}

function where(filter: DeadLetterFilter): { sql: string; params: string[] } {
  const terms: [string, string | undefined][] = [
    ['event_id = ?', filter.id],
    ['topic = ?', filter.topic],
    ['key = ?', filter.key],
  ];
  const given = terms.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  return {
    sql: given.length > 0 ? given.map((term) => term.sql).join(' AND ') : 'true',
    params: given.map((term) => term.value),
  };
}
