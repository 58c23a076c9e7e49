/**
 * Statements of the relay. They run as prepared statements on a pg client of the relay's own, because the relay's lock
 * belongs to that session; hence `$1` parameters, not the `sql` template of MikroORM.
 */
import type { EventEnvelope } from './envelope.js';

/** How far a reader has read, in the order of the outbox. */
export interface Position {
  readonly xid: string;
  readonly id: string;
}

export const START: Position = { xid: '0', id: '00000000-0000-0000-0000-000000000000' };

export function samePosition(a: Position, b: Position): boolean {
  return a.xid === b.xid && a.id === b.id;
}

export interface OutboxRow {
  readonly position: Position;
  readonly event: EventEnvelope;
}

/** An advisory lock per database: "roost" as a number, and 1 for the relay. */
export const RELAY_LOCK = [0x726f6f73, 1];

export const TRY_LOCK = 'SELECT pg_try_advisory_lock($1, $2) AS locked';

export const CURSORS = 'SELECT sink, xid::text AS xid, id FROM outbox_cursor';

/**
 * `outbox_after` requires READ COMMITTED. Without synchronous commit a crash loses the last cursors, which costs a few
 * redeliveries that the inbox recognises. Every statement here can use an index: a plan made while the outbox was empty
 * would scan the whole table at every read until PostgreSQL has gathered statistics.
 */
export const SESSION_SETTINGS = `
  SET synchronous_commit = off; SET statement_timeout = '30s'; SET default_transaction_isolation = 'read committed';
  SET enable_seqscan = off`;

/** Reads at most `$3` rows after the position `$1`, `$2`. */
export const READ_OUTBOX = {
  name: 'outbox-read',
  rowMode: 'array' as const,
  text: `
    SELECT xid::text, id, type, topic, key, aggregate_version::text, schema_version, traceparent, body::text,
           (created_at AT TIME ZONE 'UTC')::text
    FROM outbox_after($1::xid8, $2::uuid, $3)`,
};

export const SAVE_CURSORS = {
  name: 'outbox-save',
  text: `
    INSERT INTO outbox_cursor (sink, xid, id) SELECT * FROM unnest($1::text[], $2::xid8[], $3::uuid[])
    ON CONFLICT (sink) DO UPDATE SET xid = excluded.xid, id = excluded.id, updated_at = clock_timestamp()`,
};

export const MARK_REFUSED = {
  name: 'outbox-refuse',
  text: `
    UPDATE outbox_event e SET refusal = r.code, refused_at = clock_timestamp()
    FROM unnest($1::xid8[], $2::uuid[], $3::text[]) AS r (xid, id, code) WHERE e.xid = r.xid AND e.id = r.id`,
};

/** Older than `$1` days and processed by every sink that has a cursor. */
const EXPIRED = `(xid, id) <= (SELECT xid, id FROM outbox_cursor ORDER BY xid, id LIMIT 1) AND created_at < clock_timestamp() - $1 * interval '1 day'`;

/** Deletes expired facts, except refused ones: an operator decides about them. */
export const PRUNE_FACTS = {
  name: 'outbox-prune-facts',
  text: `
    DELETE FROM outbox_event WHERE (xid, id) IN (
      SELECT xid, id FROM outbox_event WHERE NOT compacted AND refused_at IS NULL AND ${EXPIRED} ORDER BY created_at LIMIT $2)`,
};

/**
 * Deletes expired state events that a newer event of their key has replaced; the newest is retained without a time limit
 * for future listeners. Checks the `$2` events after the position `$3`, `$4` and returns the last one checked.
 */
export const PRUNE_STATES = {
  name: 'outbox-prune-states',
  text: `
    WITH checked AS (
      SELECT xid, id, topic, key FROM outbox_event
      WHERE compacted AND (xid, id) > ($3::xid8, $4::uuid) AND ${EXPIRED} ORDER BY xid, id LIMIT $2
    ), deleted AS (
      DELETE FROM outbox_event e USING checked c WHERE e.xid = c.xid AND e.id = c.id AND EXISTS (
        SELECT FROM outbox_event newer
        WHERE newer.compacted AND newer.topic = c.topic AND newer.key = c.key AND (newer.xid, newer.id) > (c.xid, c.id))
      RETURNING 1
    )
    SELECT xid::text AS xid, id, (SELECT count(*)::int FROM deleted) AS pruned FROM checked
    ORDER BY checked.xid DESC, checked.id DESC LIMIT 1`,
};

/** Deletes facts only: the inbox row of a state event prevents its effects from being repeated by a replay of its topic. */
export const PRUNE_INBOX = {
  name: 'inbox-prune',
  text: `
    DELETE FROM inbox_event WHERE event_id IN (
      SELECT event_id FROM inbox_event
      WHERE NOT compacted AND handled_at < clock_timestamp() - $1 * interval '1 day'
      ORDER BY handled_at LIMIT $2)`,
};

/** A row of READ_OUTBOX. An array, because objects with column names would only be converted to other objects. */
export type StoredEvent = [
  xid: string,
  id: string,
  type: string,
  topic: string,
  key: string,
  version: string | null,
  schemaVersion: number,
  traceparent: string | null,
  body: string,
  /** `2026-01-31 12:00:00.123456`, without trailing zeros; UTC. */
  time: string,
];

export function toOutboxRow(row: StoredEvent, source: string): OutboxRow {
  const [xid, id, type, topic, key, version, schemaVersion, traceparent, data, time] = row;
  return {
    position: { xid, id },
    event: {
      id,
      type,
      source,
      topic,
      key,
      time: toInstant(time),
      aggregateVersion: version === null ? null : Number(version),
      schemaVersion,
      traceparent,
      data,
    },
  };
}

/** Not by `to_char`: it would take PostgreSQL as long as the rest of the read. */
function toInstant(stored: string): string {
  return `${stored.slice(0, 10)}T${stored.slice(11, 19)}.${stored.slice(20, 23).padEnd(3, '0')}Z`;
}
