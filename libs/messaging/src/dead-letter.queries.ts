import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { HandlingFailure } from './dead-letter-notice.js';
import type { EventEnvelope } from './envelope.js';
import { errorCode, errorDetail } from './errors.js';

export interface DeadLetter extends EventEnvelope {
  readonly position: string;
  /** Null: the event itself has not failed; it is queued behind one that did. */
  readonly code: string | null;
  readonly detail: string | null;
  readonly tries: number;
  readonly parkedAt: Date;
  readonly redriveAt: Date | null;
}

/** A dead letter without the body of its event, which may have 900,000 bytes. */
export type DeadLetterSummary = Omit<DeadLetter, 'data'>;

/** Selects dead letters by all given fields: one by its event id, those of a topic or key, or all. */
export interface DeadLetterFilter {
  id?: string | undefined;
  topic?: string | undefined;
  key?: string | undefined;
  /** The type of the event. */
  type?: string | undefined;
  /** The error code of an event that has failed. */
  code?: string | undefined;
  /** Parked at or after this instant. */
  from?: string | undefined;
  /** Parked before this instant. */
  to?: string | undefined;
}

export interface TopicKey {
  readonly topic: string;
  readonly key: string;
}

type SummaryRow = Omit<DeadLetterSummary, 'time' | 'aggregateVersion'> & {
  time: Date;
  aggregateVersion: string | number | null;
};

const columns = sql`
  position::text AS position, event_id AS id, type, source, topic, key, occurred_at AS time, schema_version AS "schemaVersion",
  aggregate_version::int8 AS "aggregateVersion", traceparent, code, detail, tries, parked_at AS "parkedAt", redrive_at AS "redriveAt"`;

/**
 * Locks a key's queue of dead letters until the transaction ends. Every writer of the queue takes this lock, so that no
 * event is queued after the queue has been emptied.
 */
export async function lockKey(em: EntityManager, { topic, key }: TopicKey): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`dead-letter:${topic}:${key}`}, 0))`);
}

/** In the order in which they will be handled, from the first one after the position `after`. */
export async function listDeadLetters(
  em: EntityManager,
  filter: DeadLetterFilter,
  limit: number,
  after = '0',
): Promise<DeadLetterSummary[]> {
  const rows = await em.execute<SummaryRow[]>(sql`
    SELECT ${columns} FROM dead_letter WHERE ${matches(filter)} AND dead_letter.position > ${after}::bigint
    ORDER BY dead_letter.position LIMIT ${limit}`);
  return rows.map(toSummary);
}

/** The first of those that the filter matches, with the body of its event. */
export async function firstDeadLetter(
  em: EntityManager,
  filter: DeadLetterFilter,
): Promise<DeadLetter | null> {
  const [row] = await em.execute<(SummaryRow & { data: string })[]>(sql`
    SELECT ${columns}, data FROM dead_letter WHERE ${matches(filter)} ORDER BY dead_letter.position LIMIT 1`);
  return row ? { ...toSummary(row), data: row.data } : null;
}

export async function firstOfKey(em: EntityManager, { topic, key }: TopicKey): Promise<DeadLetter | null> {
  return firstDeadLetter(em, { topic, key });
}

/**
 * Appends an event to its key's queue. Without a failure the event is queued behind one that failed; it takes over the
 * redrive mark of the queue. Returns false if the event is a dead letter already.
 */
export async function insertDeadLetter(
  em: EntityManager,
  event: EventEnvelope,
  failure?: HandlingFailure,
): Promise<boolean> {
  const inserted = await em.execute<object[]>(sql`
    INSERT INTO dead_letter
      (event_id, topic, key, type, source, occurred_at, aggregate_version, schema_version, traceparent, data, code, detail, tries, redrive_at)
    VALUES (${event.id}, ${event.topic}, ${event.key}, ${event.type}, ${event.source}, ${event.time},
      ${event.aggregateVersion}, ${event.schemaVersion}, ${event.traceparent}, ${event.data},
      ${failure ? errorCode(failure.error) : null}, ${failure ? errorDetail(failure.error) : null}, ${failure?.tries ?? 0},
      (SELECT redrive_at FROM dead_letter WHERE topic = ${event.topic} AND key = ${event.key}
       ORDER BY dead_letter.position LIMIT 1))
    ON CONFLICT (event_id) DO NOTHING RETURNING true`);
  return inserted.length > 0;
}

export async function deleteDeadLetter(em: EntityManager, eventId: string): Promise<void> {
  await em.execute(sql`DELETE FROM dead_letter WHERE event_id = ${eventId}`);
}

/** Deletes a dead letter and records its event in the inbox as discarded. Returns false if there is no such dead letter. */
export async function discardDeadLetter(em: EntityManager, eventId: string): Promise<boolean> {
  const deleted = await em.execute<object[]>(sql`
    WITH deleted AS (DELETE FROM dead_letter WHERE event_id = ${eventId} RETURNING event_id, type),
    stored AS (
      INSERT INTO inbox_event (event_id, type, compacted, discarded)
      SELECT event_id, type, true, true FROM deleted ON CONFLICT (event_id) DO NOTHING)
    SELECT event_id FROM deleted`);
  return deleted.length > 0;
}

/** Marks all dead letters of the keys that the filter matches. Returns how many are marked. */
export async function markForRedrive(em: EntityManager, filter: DeadLetterFilter): Promise<number> {
  const marked = await em.execute<object[]>(sql`
    UPDATE dead_letter SET redrive_at = clock_timestamp()
    WHERE (topic, key) IN (SELECT topic, key FROM dead_letter WHERE ${matches(filter)}) RETURNING true`);
  return marked.length;
}

/** Removes the redrive mark from the event's key after a redrive failed again, and stores the new failure. */
export async function recordRedriveFailure(
  em: EntityManager,
  event: EventEnvelope,
  { error, tries }: HandlingFailure,
): Promise<void> {
  await em.execute(
    sql`UPDATE dead_letter SET redrive_at = NULL WHERE topic = ${event.topic} AND key = ${event.key}`,
  );
  await em.execute(sql`
    UPDATE dead_letter SET code = ${errorCode(error)}, detail = ${errorDetail(error)}, tries = tries + ${tries}
    WHERE event_id = ${event.id}`);
}

/** At most 100 keys, oldest dead letter first. */
export async function keysToRedrive(em: EntityManager): Promise<TopicKey[]> {
  return em.execute<TopicKey[]>(sql`
    SELECT topic, key FROM dead_letter WHERE redrive_at IS NOT NULL
    GROUP BY topic, key ORDER BY min(position) LIMIT 100`);
}

function matches({ id, topic, key, type, code, from, to }: DeadLetterFilter) {
  const conditions = [
    id === undefined ? null : sql`event_id = ${id}`,
    topic === undefined ? null : sql`topic = ${topic}`,
    key === undefined ? null : sql`key = ${key}`,
    type === undefined ? null : sql`type = ${type}`,
    code === undefined ? null : sql`code = ${code}`,
    from === undefined ? null : sql`parked_at >= ${from}::timestamptz`,
    to === undefined ? null : sql`parked_at < ${to}::timestamptz`,
  ].filter((condition) => condition !== null);
  return conditions.reduce((all, condition) => sql`${all} AND ${condition}`, sql`true`);
}

function toSummary(row: SummaryRow): DeadLetterSummary {
  return {
    ...row,
    time: new Date(row.time).toISOString(),
    aggregateVersion: row.aggregateVersion === null ? null : Number(row.aggregateVersion),
  };
}
