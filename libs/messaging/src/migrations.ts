import { Migration } from '@mikro-orm/migrations';

/**
 * Reads events after a position, up to the oldest transaction that may still add events to this database. Events that
 * are committed later always sort after the result (a plain `id > last` loses events of an older transaction that
 * commits late).
 *
 * The snapshot's xmin is such a limit, but it covers the whole server: one slow transaction in any service would delay the
 * events of all services. So if xmin excludes any row, the function computes the limit from the transactions of this
 * database. It reads their ids after `start_snapshot` and before the rows (in READ COMMITTED each statement of a volatile
 * function takes a new snapshot): a transaction below the end of `start_snapshot` that is not among them has ended, and the
 * last statement sees its rows. Sessions of other roles hide their ids, and prepared transactions have no session: in both
 * cases xmin stays the limit.
 */
const OUTBOX_AFTER = `
  CREATE FUNCTION outbox_after(after_xid xid8, after_id uuid, max_rows int) RETURNS SETOF outbox_event
  LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    start_snapshot pg_snapshot := pg_current_snapshot();
    horizon xid8 := pg_snapshot_xmin(start_snapshot);
    snapshot_end bigint := pg_snapshot_xmax(start_snapshot)::text::bigint;
  BEGIN
    IF EXISTS (SELECT FROM outbox_event e WHERE (e.xid, e.id) > (after_xid, after_id) AND e.xid >= horizon)
      AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
    THEN
      SELECT CASE WHEN bool_or(query = '<insufficient privilege>') THEN horizon
                  ELSE (snapshot_end - coalesce(max(distance) FILTER (WHERE distance < 2147483648), 0))::text::xid8 END
      INTO horizon
      FROM (
        -- backend_xid has 32 bits; its distance from the snapshot's end restores the other 32
        SELECT query, (snapshot_end - backend_xid::text::bigint) & 4294967295 AS distance
        FROM pg_stat_activity WHERE datname = current_database()
      ) AS session;
    END IF;
    RETURN QUERY SELECT * FROM outbox_event e
      WHERE (e.xid, e.id) > (after_xid, after_id) AND e.xid < horizon ORDER BY e.xid, e.id LIMIT max_rows;
  END $$`;

export class Migration0000Messaging extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE outbox_event (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        -- uuidv7() increases within a session, so (xid, id) is the insertion order within a transaction
        id uuid NOT NULL DEFAULT uuidv7(),
        type text NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        compacted boolean NOT NULL,
        aggregate_version bigint,
        schema_version int NOT NULL,
        traceparent text,
        body jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- the broker's error code for an event that it refused, until an operator resends or discards the event
        refusal text,
        refused_at timestamptz,
        PRIMARY KEY (xid, id)
      )`);
    this.addSql(
      `CREATE INDEX outbox_event_newest ON outbox_event (topic, key, xid DESC, id DESC) WHERE compacted`,
    );
    this.addSql(`CREATE INDEX outbox_event_age ON outbox_event (created_at) WHERE NOT compacted`);
    this.addSql(`CREATE INDEX outbox_event_refused ON outbox_event (xid, id) WHERE refused_at IS NOT NULL`);
    this.addSql(OUTBOX_AFTER);
    this.addSql(`
      CREATE TABLE outbox_cursor (
        sink text PRIMARY KEY,
        xid xid8 NOT NULL,
        id uuid NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    this.addSql(`
      CREATE TABLE inbox_event (
        event_id uuid PRIMARY KEY,
        type text NOT NULL,
        compacted boolean NOT NULL,
        discarded boolean NOT NULL DEFAULT false,
        handled_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    this.addSql(`CREATE INDEX inbox_event_age ON inbox_event (handled_at) WHERE NOT compacted`);
    this.addSql(`
      CREATE TABLE dead_letter (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        topic text NOT NULL,
        key text NOT NULL,
        type text NOT NULL,
        source text NOT NULL,
        occurred_at timestamptz NOT NULL,
        aggregate_version bigint,
        schema_version int NOT NULL,
        traceparent text,
        data text NOT NULL,
        -- null: the event has not failed; it is queued behind one that did
        code text,
        detail text,
        tries int NOT NULL DEFAULT 0,
        parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        redrive_at timestamptz
      )`);
    this.addSql(`CREATE INDEX dead_letter_key ON dead_letter (topic, key, position)`);
    this.addSql(`CREATE INDEX dead_letter_redrive ON dead_letter (redrive_at) WHERE redrive_at IS NOT NULL`);
  }
}

/** Creates outbox, cursors, inbox and dead letters. Every service runs it before its own migrations. */
export const messagingMigrations = [Migration0000Messaging];
