import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import type { EventEnvelope } from './envelope.js';

/** Where somebody has read to, in the order of the outbox. */
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

/** An event that a sink can't bring through, and why. */
export interface Refusal {
  readonly position: Position;
  readonly code: string;
}

/** One per database: "roost" as a number, and the relay. */
export const RELAY_LOCK = [0x726f6f73, 1];

/** Reads on after a position: `$1` and `$2`, at most `$3` rows. */
export const READ_OUTBOX = {
  name: 'outbox-read',
  rowMode: 'array' as const,
  text: `
    SELECT xid::text, id, type, topic, key, aggregate_version::text, schema_version, traceparent, body::text,
           (created_at AT TIME ZONE 'UTC')::text
    FROM outbox_after($1::xid8, $2::uuid, $3)`,
};

const SAVE = {
  name: 'outbox-save',
  text: `
    INSERT INTO outbox_cursor (sink, xid, id) SELECT * FROM unnest($1::text[], $2::xid8[], $3::uuid[])
    ON CONFLICT (sink) DO UPDATE SET xid = excluded.xid, id = excluded.id, updated_at = clock_timestamp()`,
};

const PASSED = `(xid, id) <= (SELECT xid, id FROM outbox_cursor ORDER BY xid, id LIMIT 1) AND created_at < clock_timestamp() - $1 * interval '1 day'`;

const REFUSE = {
  name: 'outbox-refuse',
  text: `
    UPDATE outbox_event e SET refusal = r.code, refused_at = clock_timestamp()
    FROM unnest($1::xid8[], $2::uuid[], $3::text[]) AS r (xid, id, code) WHERE e.xid = r.xid AND e.id = r.id`,
};

/** Facts that everybody known has passed; of what was refused the operator decides. */
const PRUNE_FACTS = {
  name: 'outbox-prune-facts',
  text: `
    DELETE FROM outbox_event WHERE (xid, id) IN (
      SELECT xid, id FROM outbox_event WHERE NOT compacted AND refused_at IS NULL AND ${PASSED} ORDER BY created_at LIMIT $2)`,
};

/** States that a newer one of their key has replaced; the newest is kept for ever, for listeners to come. Looks at one stretch. */
const PRUNE_STATES = {
  name: 'outbox-prune-states',
  text: `
    WITH stretch AS (
      SELECT xid, id, topic, key FROM outbox_event
      WHERE compacted AND (xid, id) > ($3::xid8, $4::uuid) AND ${PASSED} ORDER BY xid, id LIMIT $2
    ), gone AS (
      DELETE FROM outbox_event e USING stretch s WHERE e.xid = s.xid AND e.id = s.id AND EXISTS (
        SELECT FROM outbox_event newer
        WHERE newer.compacted AND newer.topic = s.topic AND newer.key = s.key AND (newer.xid, newer.id) > (s.xid, s.id))
      RETURNING 1
    )
    SELECT xid::text AS xid, id, (SELECT count(*)::int FROM gone) AS pruned FROM stretch ORDER BY stretch.xid DESC, stretch.id DESC LIMIT 1`,
};

/** Facts only: a state event's row is what keeps a replay of its topic from having its effects again. */
const PRUNE_INBOX = {
  name: 'inbox-prune',
  text: `
    DELETE FROM inbox_event WHERE event_id IN (
      SELECT event_id FROM inbox_event
      WHERE NOT compacted AND handled_at < clock_timestamp() - $1 * interval '1 day'
      ORDER BY handled_at LIMIT $2)`,
};

/** What READ_OUTBOX gives, in its order: no object with names is made of a row, only to be made into another. */
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
  /** `2026-01-31 12:00:00.123456`, without the zeros at its end; UTC. */
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

/** Here and not by `to_char`, which takes PostgreSQL as long as all else of the read. */
function toInstant(stored: string): string {
  return `${stored.slice(0, 10)}T${stored.slice(11, 19)}.${stored.slice(20, 23).padEnd(3, '0')}Z`;
}

/**
 * The relay's own connection to its service's database. It holds the relay's lock, and everything the relay does goes
 * through it: who has lost the lock can't move a cursor.
 */
export class OutboxReader {
  readonly #client: Client;
  #failure: Error | undefined;
  /** How far the states have been looked through; then from the start again. */
  #looked = START;

  constructor(
    config: ClientConfig,
    private readonly source: string,
  ) {
    this.#client = new Client({
      ...config,
      // pg's pool hides it from a spread
      password: config.password,
      application_name: `${source.slice(1)} relay`,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 40_000,
    });
    this.#client.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** False: another process relays this database. */
  async open(): Promise<boolean> {
    await this.#client.connect();
    // A cursor that is lost in a crash costs a few redeliveries, which the inbox answers.
    // outbox_after counts on READ COMMITTED.
    // Everything here goes by an index. A plan made while the outbox was empty would look through all of it, at every
    // read, until PostgreSQL has gathered statistics.
    await this.#client.query(
      `SET synchronous_commit = off; SET statement_timeout = '30s'; SET default_transaction_isolation = 'read committed';
       SET enable_seqscan = off`,
    );
    const { rows } = await this.#client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS locked',
      RELAY_LOCK,
    );
    return rows[0]?.locked === true;
  }

  async cursors(): Promise<Map<string, Position>> {
    const { rows } = await this.#client.query<{ sink: string; xid: string; id: string }>(
      'SELECT sink, xid::text AS xid, id FROM outbox_cursor',
    );
    return new Map(rows.map(({ sink, xid, id }) => [sink, { xid, id }]));
  }

  async read(after: Position, limit: number): Promise<OutboxRow[]> {
    if (this.#failure) throw this.#failure;
    const { rows } = await this.#client.query<StoredEvent>({
      ...READ_OUTBOX,
      values: [after.xid, after.id, limit],
    });
    return rows.map((row) => toOutboxRow(row, this.source));
  }

  async save(cursors: ReadonlyMap<string, Position>): Promise<void> {
    const entries = [...cursors];
    await this.#client.query({
      ...SAVE,
      values: [
        entries.map(([sink]) => sink),
        entries.map(([, position]) => position.xid),
        entries.map(([, position]) => position.id),
      ],
    });
  }

  /** Marks events that could not be told. */
  async refuse(refusals: readonly Refusal[]): Promise<void> {
    await this.#client.query({
      ...REFUSE,
      values: [
        refusals.map(({ position }) => position.xid),
        refusals.map(({ position }) => position.id),
        refusals.map(({ code }) => code),
      ],
    });
  }

  /** Drops old facts, and replaced states of the next stretch; at most `limit` each. Gives back how many rows went. */
  async prune(retentionDays: number, limit: number): Promise<number> {
    const facts = await this.#client.query({ ...PRUNE_FACTS, values: [retentionDays, limit] });
    const { xid, id } = this.#looked;
    const states = await this.#client.query<Position & { pruned: number }>({
      ...PRUNE_STATES,
      values: [retentionDays, limit, xid, id],
    });
    const [last] = states.rows;
    this.#looked = last ? { xid: last.xid, id: last.id } : START;
    // Twice as long: an event at the end of its retention may still be redelivered.
    await this.#client.query({ ...PRUNE_INBOX, values: [retentionDays * 2, limit] });
    return (facts.rowCount ?? 0) + (last?.pruned ?? 0);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
